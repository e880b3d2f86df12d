#include "srtp/ipsec_mb_cipher.hpp"

#ifdef VISAVIS_HAS_IPSEC_MB

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "base/prefetch.hpp"
#include "srtp/aead_protection.hpp"
#include "srtp/cm_protection.hpp"
#include "srtp/packet_iv.hpp"

namespace visavis::srtp {
namespace {

struct FreeMultiBuffer {
  void operator()(IMB_MGR* library) const { free_mb_mgr(library); }
};
using MultiBuffer = std::unique_ptr<IMB_MGR, FreeMultiBuffer>;

constexpr std::size_t kGcmTagBytes = AeadProtection::kTagBytes;
constexpr std::size_t kShaBytes = 20;
/// AES-128, FIPS 197 §5.2.
constexpr std::size_t kRoundsBytes = std::size_t{11} * 16;
using Rounds = std::array<std::byte, kRoundsBytes>;
/// The library writes SHA1 tags of 12 or 20 bytes; SRTP sends 10 of them.
constexpr std::size_t kLibraryTagBytes = 12;

/// What of `key` a packet with `text_bytes` to be sealed takes where the processor has VAES: the
/// rounds, which come first, and of the hash key's powers, whose lowest comes last, one for each
/// block.
void prefetch_wide_gcm(const gcm_key_data& key, std::size_t text_bytes) {
  prefetch_lines<kRoundsBytes>(key);
  constexpr std::size_t kBlockBytes = 16;
  constexpr std::size_t kHeaderBlocks = 2;
  const std::span powers = key.ghash_keys.vaes_avx512.shifted_hkey;
  const std::size_t taken =
      std::min(powers.size(), text_bytes + (kHeaderBlocks * kBlockBytes) + kCacheLineBytes);
  for (std::size_t back = 1; back < taken; back += kCacheLineBytes) {
    prefetch_line(&powers[powers.size() - back]);
  }
}

struct GcmKey final : CipherKey {
  explicit GcmKey(Profile profile) : CipherKey(profile) {}

  // Beside the profile, in the line that every packet looks at.
  GcmSalt rtp_salt{};
  GcmSalt rtcp_salt{};
  alignas(64) gcm_key_data rtp{};  // As the library's own build aligns it.
  alignas(64) gcm_key_data rtcp{};
};

struct CmKey final : CipherKey {
  explicit CmKey(const KeySet& keys) : CipherKey(keys.profile), rtcp(keys.rtcp), single(keys.rtp) {}

  /// What the lanes look at, behind the profile.
  static constexpr std::size_t kLaneBytes = 256;
  CounterSalt salt{};
  alignas(16) Rounds rounds{};
  std::array<std::byte, kShaBytes> inner{};  ///< SHA1's state behind the key's inner pad.
  std::array<std::byte, kShaBytes> outer{};
  alignas(16) Rounds rtcp_rounds{};
  CmRtcp rtcp;
  /// For packets that come one by one: in the lanes one alone costs as much as 16 together.
  CmRtp single;
};

GcmKey& gcm_key(const CipherJob& job) {
  return *static_cast<GcmKey*>(job.key);
}
CmKey& cm_key(const CipherJob& job) {
  return *static_cast<CmKey*>(job.key);
}
bool is_gcm(const CipherJob& job) {
  return job.key->profile() == Profile::kAeadAes128Gcm;
}

/// Unsigned, it may go either way.
std::uint64_t distance(const std::byte* from, const std::byte* to) {
  return reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
}

/// The lanes take no empty text.
bool is_empty_cm(const CipherJob& job) {
  return job.sealed.size() == job.place.header_size + kCmTagBytes;
}

std::string name_of(IMB_ARCH architecture) {
  switch (architecture) {
    case IMB_ARCH_AVX512: return "ipsec-mb avx512";
    case IMB_ARCH_AVX2: return "ipsec-mb avx2";
    case IMB_ARCH_AVX: return "ipsec-mb avx";
    default: return "ipsec-mb sse";
  }
}

class IpsecMbCipher final : public Cipher {
 public:
  IpsecMbCipher(MultiBuffer library, IMB_ARCH architecture)
      : library_(std::move(library)),
        name_(name_of(architecture)),
        wide_gcm_(architecture == IMB_ARCH_AVX512 && (library_->features & kWide) == kWide) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::unique_ptr<CipherKey> make_key(const KeySet& keys,
                                                    Direction direction) override;
  void seal_rtp(std::span<const CipherJob> jobs) override;
  [[nodiscard]] bool open_rtp(const CipherJob& job) override;
  void prefetch_rtcp(const CipherKey& key, Profile profile) const override;
  void seal_rtcp(const CipherJob& job) override;
  [[nodiscard]] bool open_rtcp(const CipherJob& job) override;

 private:
  /// Jobs between two flushes of the lanes. Four times their number.
  static constexpr std::size_t kInLanesMax = 64;
  /// A flush costs what 16 packets cost; below this many OpenSSL is done sooner.
  static constexpr std::size_t kLanesPay = 5;

  /// Jobs whose keys are on their way while one is sealed.
  static constexpr std::size_t kKeysAhead = 3;

  /// What a job in the lanes points to.
  struct LaneJob {
    CounterIv iv;
    std::array<std::byte, kLibraryTagBytes> tag;
    MutableBytes tag_place;
  };

  void hash_pad(const SessionKeys& keys, std::byte pad, std::array<std::byte, kShaBytes>& state);
  void prefetch_key(const CipherJob& job, const CipherJob& before) const;
  void prefetch_gcm(const gcm_key_data& key, std::size_t text_bytes) const;
  void seal_gcm(const CipherJob& job);
  void submit_cm(const CipherJob& job);
  void flush_lanes();
  /// Counts from `iv`; no wider than 16 bits, of which SRTP is sure (RFC 3711 §4.1.1).
  void add_key_stream(const Rounds& rounds, const CounterIv& iv, MutableBytes text);
  static void finish_cm(const IMB_JOB& done);

  static constexpr std::uint64_t kWide = IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ;

  MultiBuffer library_;
  std::string name_;
  bool wide_gcm_;
  gcm_context_data context_{};
  IMB_JOB single_{};  ///< Of `add_key_stream()`.
  std::array<LaneJob, kInLanesMax> lanes_{};
  std::size_t in_lanes_ = 0;
};

std::unique_ptr<CipherKey> IpsecMbCipher::make_key(const KeySet& keys, Direction /*direction*/) {
  if (keys.profile == Profile::kAeadAes128Gcm) {
    auto key = std::make_unique<GcmKey>(keys.profile);
    IMB_AES128_GCM_PRE(library_.get(), keys.rtp.cipher.data(), &key->rtp);
    IMB_AES128_GCM_PRE(library_.get(), keys.rtcp.cipher.data(), &key->rtcp);
    std::ranges::copy(std::span(keys.rtp.salt).first<12>(), key->rtp_salt.begin());
    std::ranges::copy(std::span(keys.rtcp.salt).first<12>(), key->rtcp_salt.begin());
    return key;
  }
  auto key = std::make_unique<CmKey>(keys);
  alignas(16) Rounds decryption;  // Not needed for counters.
  IMB_AES_KEYEXP_128(library_.get(), keys.rtp.cipher.data(), key->rounds.data(), decryption.data());
  IMB_AES_KEYEXP_128(library_.get(), keys.rtcp.cipher.data(), key->rtcp_rounds.data(),
                     decryption.data());
  constexpr std::byte kInnerPad{0x36};  // RFC 2104 §2
  constexpr std::byte kOuterPad{0x5C};
  hash_pad(keys.rtp, kInnerPad, key->inner);
  hash_pad(keys.rtp, kOuterPad, key->outer);
  key->salt = keys.rtp.salt;
  return key;
}

void IpsecMbCipher::hash_pad(const SessionKeys& keys, std::byte pad,
                             std::array<std::byte, kShaBytes>& state) {
  std::array<std::byte, 64> block;
  block.fill(pad);
  for (std::size_t at = 0; at < keys.authentication.size(); ++at) {
    block[at] ^= keys.authentication[at];
  }
  IMB_SHA1_ONE_BLOCK(library_.get(), block.data(), state.data());
}

void IpsecMbCipher::seal_rtp(std::span<const CipherJob> jobs) {
  const auto in_lanes = jobs.size() - static_cast<std::size_t>(std::ranges::count_if(jobs, is_gcm));
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    const CipherJob& job = jobs[at];
    if (at + kKeysAhead < jobs.size()) {
      prefetch_key(jobs[at + kKeysAhead], jobs[at + kKeysAhead - 1]);
    }
    if (is_gcm(job)) {
      seal_gcm(job);
    } else if (in_lanes < kLanesPay || is_empty_cm(job)) {
      cm_key(job).single.seal(job.sealed, job.place, job.plain_payload());
    } else {
      submit_cm(job);
    }
  }
  flush_lanes();
}

/// A viewer's packets stand together: one of them brings the key.
void IpsecMbCipher::prefetch_key(const CipherJob& job, const CipherJob& before) const {
  if (job.key == before.key) {
    return;
  }
  if (is_gcm(job)) {
    prefetch_gcm(gcm_key(job).rtp, job.sealed.size() - job.place.header_size);
  } else {
    prefetch_lines<CmKey::kLaneBytes>(cm_key(job));
  }
}

void IpsecMbCipher::prefetch_gcm(const gcm_key_data& key, std::size_t text_bytes) const {
  if (wide_gcm_) {
    prefetch_wide_gcm(key, text_bytes);
  } else {
    prefetch(key);  // Few powers, which come first.
  }
}

void IpsecMbCipher::seal_gcm(const CipherJob& job) {
  const GcmKey& key = gcm_key(job);
  const GcmIv iv = gcm_iv(key.rtp_salt, job.place);
  const std::size_t size = job.sealed.size() - kGcmTagBytes;
  std::uint8_t* const packet = as_u8(job.sealed);
  IMB_AES128_GCM_ENC(library_.get(), &key.rtp, &context_, packet + job.place.header_size,
                     as_u8(Bytes(job.plain_payload(), 1)), size - job.place.header_size,
                     as_u8(Bytes(iv)), packet, job.place.header_size, packet + size, kGcmTagBytes);
}

void IpsecMbCipher::submit_cm(const CipherJob& job) {
  if (in_lanes_ == lanes_.size()) {
    flush_lanes();
  }
  const CmKey& key = cm_key(job);
  LaneJob& lane = lanes_[in_lanes_++];
  const std::size_t size = job.sealed.size() - kCmTagBytes;
  lane.iv = counter_iv(key.salt, job.place);
  lane.tag_place = job.sealed.last(kCmTagBytes);
  // RFC 3711 §4.2: the rollover counter is authenticated, not sent; it lies where the tag will.
  ByteWriter(lane.tag_place).u32(static_cast<std::uint32_t>(job.place.index >> 16U));

  IMB_JOB& work = *IMB_GET_NEXT_JOB(library_.get());
  work.enc_keys = key.rounds.data();
  work.dec_keys = key.rounds.data();
  work.key_len_in_bytes = kKeyBytes;
  const std::byte* const plain = job.plain_payload();
  work.src = as_u8(Bytes(plain, 1));
  work.dst = as_u8(job.sealed) + job.place.header_size;
  work.cipher_start_src_offset_in_bytes = 0;
  work.msg_len_to_cipher_in_bytes = size - job.place.header_size;
  // What is hashed is where the cipher writes; the library wants to know it from where it reads.
  work.hash_start_src_offset_in_bytes = distance(plain, job.sealed.data());
  work.msg_len_to_hash_in_bytes = size + 4;
  work.iv = as_u8(Bytes(lane.iv));
  work.iv_len_in_bytes = lane.iv.size();
  work.auth_tag_output = as_u8(MutableBytes(lane.tag));
  work.auth_tag_output_len_in_bytes = lane.tag.size();
  work.u.HMAC._hashed_auth_key_xor_ipad = as_u8(Bytes(key.inner));
  work.u.HMAC._hashed_auth_key_xor_opad = as_u8(Bytes(key.outer));
  work.cipher_mode = IMB_CIPHER_CNTR;
  work.cipher_direction = IMB_DIR_ENCRYPT;
  work.hash_alg = IMB_AUTH_HMAC_SHA_1;
  work.chain_order = IMB_ORDER_CIPHER_HASH;
  work.user_data = &lane;
  for (const IMB_JOB* done = IMB_SUBMIT_JOB_NOCHECK(library_.get()); done != nullptr;
       done = IMB_GET_COMPLETED_JOB(library_.get())) {
    finish_cm(*done);
  }
}

void IpsecMbCipher::finish_cm(const IMB_JOB& done) {
  check(done.status == IMB_STATUS_COMPLETED);
  const auto& lane = *static_cast<const LaneJob*>(done.user_data);
  std::memcpy(lane.tag_place.data(), lane.tag.data(), kCmTagBytes);
}

void IpsecMbCipher::flush_lanes() {
  if (in_lanes_ == 0) {
    return;
  }
  while (const IMB_JOB* done = IMB_FLUSH_JOB(library_.get())) {
    finish_cm(*done);
  }
  in_lanes_ = 0;
}

void IpsecMbCipher::add_key_stream(const Rounds& rounds, const CounterIv& iv, MutableBytes text) {
  if (text.empty()) {
    return;
  }
  single_.src = as_u8(text);
  single_.dst = as_u8(text);
  single_.cipher_start_src_offset_in_bytes = 0;
  single_.msg_len_to_cipher_in_bytes = text.size();
  single_.enc_keys = rounds.data();
  single_.dec_keys = rounds.data();
  single_.key_len_in_bytes = kKeyBytes;
  single_.iv = as_u8(Bytes(iv));
  single_.iv_len_in_bytes = iv.size();
  single_.cipher_mode = IMB_CIPHER_CNTR;
  single_.cipher_direction = IMB_DIR_ENCRYPT;
  check(IMB_SUBMIT_CIPHER_BURST_NOCHECK(library_.get(), &single_, 1, IMB_CIPHER_CNTR,
                                        IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES) == 1);
}

bool IpsecMbCipher::open_rtp(const CipherJob& job) {
  if (!is_gcm(job)) {
    return cm_key(job).single.open(job.sealed, job.place);
  }
  const GcmKey& key = gcm_key(job);
  const GcmIv iv = gcm_iv(key.rtp_salt, job.place);
  const std::size_t size = job.sealed.size() - kGcmTagBytes;
  std::uint8_t* const packet = as_u8(job.sealed);
  std::uint8_t* const text = packet + job.place.header_size;
  std::array<std::uint8_t, kGcmTagBytes> tag;
  IMB_AES128_GCM_DEC(library_.get(), &key.rtp, &context_, text, text, size - job.place.header_size,
                     as_u8(Bytes(iv)), packet, job.place.header_size, tag.data(), tag.size());
  return CRYPTO_memcmp(tag.data(), packet + size, tag.size()) == 0;
}

void IpsecMbCipher::prefetch_rtcp(const CipherKey& key, Profile profile) const {
  if (profile != Profile::kAeadAes128Gcm) {
    const auto& cm = static_cast<const CmKey&>(key);
    prefetch_line(&cm);
    prefetch(cm.rtcp_rounds);
    prefetch(cm.rtcp);
  } else {
    constexpr std::size_t kReportBytes = 80;
    prefetch_line(&key);
    prefetch_gcm(static_cast<const GcmKey&>(key).rtcp, kReportBytes);
  }
}

void IpsecMbCipher::seal_rtcp(const CipherJob& job) {
  if (!is_gcm(job)) {
    const CmKey& key = cm_key(job);
    key.rtcp.seal(job.sealed, job.place, [&](const CounterIv& iv, MutableBytes text) {
      add_key_stream(key.rtcp_rounds, iv, text);
    });
    return;
  }
  const GcmKey& key = gcm_key(job);
  const GcmIv iv = gcm_iv(key.rtcp_salt, job.place);
  const std::size_t size = job.sealed.size() - AeadProtection::kRtcpOverhead;
  std::uint8_t* const packet = as_u8(job.sealed);
  ByteWriter(job.sealed.last(kRtcpIndexBytes))
      .u32(kRtcpEncryptedBit | static_cast<std::uint32_t>(job.place.index));
  // RFC 7714 §9.2: header and index are authenticated as one.
  std::array<std::uint8_t, kRtcpHeaderBytes + kRtcpIndexBytes> clear;
  std::memcpy(clear.data(), packet, kRtcpHeaderBytes);
  std::memcpy(clear.data() + kRtcpHeaderBytes, packet + job.sealed.size() - kRtcpIndexBytes,
              kRtcpIndexBytes);
  IMB_AES128_GCM_ENC(library_.get(), &key.rtcp, &context_, packet + kRtcpHeaderBytes,
                     packet + kRtcpHeaderBytes, size - kRtcpHeaderBytes, as_u8(Bytes(iv)),
                     clear.data(), clear.size(), packet + size, kGcmTagBytes);
}

bool IpsecMbCipher::open_rtcp(const CipherJob& job) {
  if (!is_gcm(job)) {
    const CmKey& key = cm_key(job);
    return key.rtcp.open(job.sealed, job.place, [&](const CounterIv& iv, MutableBytes text) {
      add_key_stream(key.rtcp_rounds, iv, text);
    });
  }
  const GcmKey& key = gcm_key(job);
  const GcmIv iv = gcm_iv(key.rtcp_salt, job.place);
  const std::size_t size = job.sealed.size() - AeadProtection::kRtcpOverhead;
  std::uint8_t* const packet = as_u8(job.sealed);
  std::array<std::uint8_t, kGcmTagBytes> tag;
  std::array<std::uint8_t, kGcmTagBytes> theirs;
  std::memcpy(theirs.data(), packet + size, theirs.size());
  const bool encrypted =
      (ByteReader(job.sealed.last(kRtcpIndexBytes)).u32() & kRtcpEncryptedBit) != 0;
  // RFC 7714 §9.2, §9.3: what is authenticated lies as one where the tag was; the text is not
  // touched by it. Without encryption that is the whole packet.
  const std::size_t clear = encrypted ? kRtcpHeaderBytes : size;
  std::array<std::uint8_t, kRtcpHeaderBytes + kRtcpIndexBytes> front;
  std::uint8_t* authenticated = front.data();
  if (encrypted) {
    std::memcpy(front.data(), packet, kRtcpHeaderBytes);
  } else {
    authenticated = packet;
  }
  std::memcpy(authenticated + clear, packet + job.sealed.size() - kRtcpIndexBytes, kRtcpIndexBytes);
  IMB_AES128_GCM_DEC(library_.get(), &key.rtcp, &context_, packet + clear, packet + clear,
                     size - clear, as_u8(Bytes(iv)), authenticated, clear + kRtcpIndexBytes,
                     tag.data(), tag.size());
  return CRYPTO_memcmp(tag.data(), theirs.data(), tag.size()) == 0;
}

}  // namespace

std::unique_ptr<Cipher> make_ipsec_mb_cipher() {
  MultiBuffer library(alloc_mb_mgr(0));
  if (library == nullptr) {
    return nullptr;
  }
  IMB_ARCH architecture = IMB_ARCH_NONE;
  init_mb_mgr_auto(library.get(), &architecture);
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  if (architecture < IMB_ARCH_SSE || (library->features & kNeeded) != kNeeded) {
    return nullptr;  // It would emulate the instructions: OpenSSL has better ways.
  }
  return std::make_unique<IpsecMbCipher>(std::move(library), architecture);
}

}  // namespace visavis::srtp

#else

namespace visavis::srtp {

std::unique_ptr<Cipher> make_ipsec_mb_cipher() {
  return nullptr;
}

}  // namespace visavis::srtp

#endif
