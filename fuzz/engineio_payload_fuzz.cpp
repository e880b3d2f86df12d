#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "engineio/packet.hpp"
#include "engineio/test_server.hpp"

// A payload falls apart into its packets and nothing else; posted to a server or said on a socket,
// it leaves no session behind once the client is gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  visavis::engineio::PayloadWalk walk(payload);
  visavis::engineio::PacketReader reader;
  std::string joined;
  std::size_t count = 0;
  visavis::engineio::TestServer test;
  const visavis::http::ConnectionId socket = test.open_socket();
  while (const auto text = walk.next()) {
    joined += (count++ == 0 ? "" : "\x1e") + std::string(*text);
    if (const auto packet = reader.read(*text)) {
      visavis::check(packet->data.size() <= size);
    }
    test.say(socket, *text);
  }
  visavis::check(joined == payload);

  const std::string sid = test.open_polling();
  const visavis::http::ConnectionId parked = test.park(sid);
  const unsigned status = test.post(sid, payload).status;
  visavis::check(status == 200 || status == 400);
  test.host().finish(test.now, parked);
  test.sleep(std::chrono::minutes(1));
  visavis::check(test.server().sessions() == 0 && test.http().connections() == 0);
  return 0;
}
