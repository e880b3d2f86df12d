#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "load/http_exchange.hpp"

// A load tool reads any server's answers: in one piece or in two, the same comes out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const Bytes bytes = std::as_bytes(std::span(data, size));
  load::HttpReader whole;
  static_cast<void>(whole.handle_bytes(bytes));
  load::HttpReader halves;
  static_cast<void>(halves.handle_bytes(bytes.first(size / 2)));
  static_cast<void>(halves.handle_bytes(bytes.subspan(size / 2)));
  const bool done = whole.state() == load::HttpReader::State::kDone;
  if (done) {
    check(halves.state() == load::HttpReader::State::kDone);
    check(whole.response().body == halves.response().body);
    check(whole.response().body.size() <= load::HttpReader::kBodyBytesMax);
  }
  return 0;
}
