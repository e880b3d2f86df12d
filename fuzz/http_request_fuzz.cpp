#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "http/server.hpp"
#include "http/test_host.hpp"

namespace {

using visavis::Bytes;
namespace http = visavis::http;

/// What the handler saw when `wire` came in pieces of `piece` bytes.
std::vector<std::string> requests_of(Bytes wire, std::size_t piece) {
  http::Limits limits;
  limits.header_bytes_max = 512;
  limits.body_bytes_max = 100;
  http::Server server(limits);
  http::TestHost host(server);
  std::vector<std::string> requests;
  server.route("/", [&](visavis::Instant now, http::RequestId id, const http::Request& request) {
    requests.push_back(request.method + " " + std::string(request.path()) + "?" +
                       std::string(request.query()) + " " +
                       std::string(visavis::as_text(request.body)));
    server.respond(now, id, http::text_response(200, request.target));
  });
  const visavis::Instant now{};
  const http::ConnectionId id = host.open(now);
  while (!wire.empty() && !host.closed(id)) {
    const std::size_t size = std::min(piece, wire.size());
    host.send(now, id, wire.first(size));
    wire = wire.subspan(size);
  }
  host.close(now, id);
  visavis::check(server.connections() == 0 && server.next_timeout() == visavis::kNever);
  return requests;
}

}  // namespace

// However the bytes are cut into pieces, the same requests come out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const Bytes wire = std::as_bytes(std::span(data, size)).subspan(1);
  const std::vector<std::string> whole = requests_of(wire, size);
  visavis::check(requests_of(wire, 1U + data[0] % 16U) == whole);
  return 0;
}
