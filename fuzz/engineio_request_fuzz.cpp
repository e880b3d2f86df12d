#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "engineio/test_server.hpp"

namespace {

using namespace visavis;
using engineio::TestServer;

TestServer make_server() {
  auto options = TestServer::quick_options();
  options.allow_eio3 = true;
  options.cors.emplace().origin = engineio::CorsOrigin::one_of({"http://a"});
  options.cookie.emplace();
  options.per_message_deflate.enabled = true;
  options.per_message_deflate.threshold_bytes = 0;
  options.http_compression.threshold_bytes = 0;
  options.websocket_origins = engineio::WebSocketOrigins::kAllowed;
  return TestServer(options);
}

/// What the input cannot guess: 'P' in a place for an id is the session on polling, 'W' that on
/// WebSocket.
std::string with_ids(std::string_view text, const std::string& polling, const std::string& socket) {
  std::string request;
  for (std::size_t at = 0; at < text.size(); ++at) {
    request += text[at];
    if (request.ends_with("sid=") && at + 1 < text.size()) {
      const char which = text[at + 1];
      request += which == 'P' ? polling : which == 'W' ? socket : std::string();
      at += which == 'P' || which == 'W' ? 1 : 0;
    }
  }
  return request;
}

}  // namespace

// Whole requests, one connection each (bytes 0 part them), to a server that has a session of each
// kind: whatever they ask for, no session is left behind once the clients are gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TestServer test = make_server();
  const std::string polling = test.open_polling();
  const http::ConnectionId socket = test.open_socket();
  const std::string sid = TestServer::sid_of(test.frames(socket).at(0));
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const http::ConnectionId id = test.host().open(test.now);
    test.host().send(test.now, id, with_ids(part, polling, sid));
    test.sleep(std::chrono::milliseconds(1));
  }
  test.sleep(std::chrono::minutes(2));
  check(test.server().sessions() == 0 && test.http().connections() == 0);
  return 0;
}
