#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "engineio/revision3.hpp"
#include "engineio/test_server.hpp"

// A payload of revision 3, the first byte of the input telling which of its two forms, gives
// packets no larger than itself; posted, it leaves no session behind once the client is gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  using visavis::engineio::TestServer;
  const bool binary = (data[0] & 1U) != 0;
  const std::string_view payload(reinterpret_cast<const char*>(data + 1), size - 1);
  visavis::engineio::Revision3Walk walk(visavis::as_bytes(payload), binary);
  std::size_t bytes = 0;
  while (const auto packet = walk.next()) {
    bytes += packet->bytes.size();
  }
  visavis::check(bytes <= size);

  auto options = TestServer::quick_options();
  options.allow_eio3 = true;
  TestServer test(options);
  const std::string query = "EIO=3&transport=polling";
  const std::string sid = TestServer::sid_of(test.request("GET", query).body);
  const unsigned status = test.request("POST", query + "&sid=" + sid, payload,
                                       binary ? "Content-Type: application/octet-stream\r\n" : "")
                              .status;
  visavis::check(status == 200 || status == 400);
  test.request("GET", query + "&sid=" + sid);
  test.sleep(std::chrono::minutes(1));
  visavis::check(test.server().sessions() == 0);
  return 0;
}
