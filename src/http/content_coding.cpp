#include "http/content_coding.hpp"

#include <zlib.h>

#include <algorithm>
#include <tuple>

#include "base/check.hpp"
#include "http/headers.hpp"

namespace visavis::http {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzipFormat = 16;  // added to the window bits (zlib's manual, deflateInit2)
constexpr int kMemoryLevel = 8;

struct Wish {
  int weight = 0;  ///< thousandths
  bool by_name = false;
  std::size_t place = 0;
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// "0.5" as thousandths (RFC 9110 §12.4.2); what is no weight wants nothing.
int thousandths(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return 0;
  }
  int value = (text[0] - '0') * 1000;
  int unit = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') {
      return 0;
    }
    value += (digit - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1000);
}

int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = trimmed(parameters.substr(0, parameters.find(';')));
    parameters.remove_prefix(
        std::min(std::min(parameters.find(';'), parameters.size()) + 1, parameters.size()));
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return thousandths(parameter.substr(2));
    }
  }
  return 1000;
}

/// What the list says of one coding; a name counts more than "*".
Wish wish_for(std::string_view list, std::string_view coding) {
  Wish wish;
  for (std::size_t place = 0; !list.empty(); ++place) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    const std::size_t end = std::min(item.find(';'), item.size());
    const std::string_view name = trimmed(item.substr(0, end));
    const bool by_name = equal_ignoring_case(name, coding);
    if (by_name || (name == "*" && !wish.by_name)) {
      wish = {.weight = weight_of(item.substr(std::min(end + 1, item.size()))),
              .by_name = by_name,
              .place = place};
    }
    if (by_name) {
      break;
    }
  }
  return wish;
}

}  // namespace

std::string_view to_string(Coding coding) {
  switch (coding) {
    case Coding::kBrotli: return "br";
    case Coding::kGzip: return "gzip";
    case Coding::kDeflate: return "deflate";
  }
  return {};
}

std::optional<Coding> choose_coding(std::string_view accept_encoding,
                                    std::span<const Coding> offered) {
  std::optional<Coding> chosen;
  Wish best;
  const auto rank = [](const Wish& wish) {
    return std::tuple(-wish.weight, !wish.by_name, wish.place);
  };
  for (const Coding coding : offered) {
    const Wish wish = wish_for(accept_encoding, to_string(coding));
    if (wish.weight > 0 && (!chosen || rank(wish) < rank(best))) {
      chosen = coding;
      best = wish;
    }
  }
  return chosen;
}

struct Packer::Stream {
  Stream(int level, int window_bits) {
    check(deflateInit2(&stream, level, Z_DEFLATED, window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY) ==
          Z_OK);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { deflateEnd(&stream); }

  z_stream stream{};
};

Packer::Packer(int level) : level_(level) {}

Packer::~Packer() = default;

Buffer Packer::pack(Coding coding, Bytes body) {
  check(coding != Coding::kBrotli);
  const bool gzip = coding == Coding::kGzip;
  std::unique_ptr<Stream>& made = gzip ? gzip_ : deflate_;
  if (made == nullptr) {
    made = std::make_unique<Stream>(level_, kWindowBits + (gzip ? kGzipFormat : 0));
  }
  z_stream& stream = made->stream;
  check(deflateReset(&stream) == Z_OK);
  Buffer packed(deflateBound(&stream, static_cast<uLong>(body.size())));
  // zlib's input pointer is not const without ZLIB_CONST, but it is only read.
  stream.next_in = const_cast<Bytef*>(as_u8(body));  // NOLINT(*-const-cast)
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = as_u8(MutableBytes(packed));
  stream.avail_out = static_cast<uInt>(packed.size());
  check(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  return packed;
}

}  // namespace visavis::http
