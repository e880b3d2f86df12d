#include "srtp/profile.hpp"

#include "base/byte_reader.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {

std::optional<Profile> profile_of(std::uint16_t dtls_number) {
  for (const Profile profile : {Profile::kAeadAes128Gcm, Profile::kAes128CmSha1_80}) {
    if (static_cast<std::uint16_t>(profile) == dtls_number) {
      return profile;
    }
  }
  return std::nullopt;
}

std::string_view to_string(Profile profile) {
  return profile == Profile::kAeadAes128Gcm ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_SHA1_80";
}

std::size_t salt_bytes(Profile profile) {
  return profile == Profile::kAeadAes128Gcm ? 12 : 14;
}

std::size_t tag_bytes(Profile profile) {
  return profile == Profile::kAeadAes128Gcm ? 16 : 10;
}

std::size_t rtcp_overhead_bytes(Profile profile) {
  return tag_bytes(profile) + kRtcpIndexBytes;
}

std::size_t exported_bytes(Profile profile) {
  return 2 * (kKeyBytes + salt_bytes(profile));
}

std::optional<MasterKeys> split_keys(Profile profile, Bytes exported) {
  if (exported.size() != exported_bytes(profile)) {
    return std::nullopt;
  }
  ByteReader reader(exported);
  MasterKeys keys;
  keys.profile = profile;
  keys.client.key = to_buffer(reader.bytes(kKeyBytes));
  keys.server.key = to_buffer(reader.bytes(kKeyBytes));
  keys.client.salt = to_buffer(reader.bytes(salt_bytes(profile)));
  keys.server.salt = to_buffer(reader.bytes(salt_bytes(profile)));
  return keys;
}

}  // namespace visavis::srtp
