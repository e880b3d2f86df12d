#pragma once

#include <string_view>

#include "base/time.hpp"
#include "conference/call_service.hpp"
#include "conference/direct.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "whip/target.hpp"

namespace visavis::whip {

/// WHIP (RFC 9725) under `/whip/ROOM/NAME` and WHEP (draft-ietf-wish-whep) under
/// `/whep/ROOM/NAME`: HTTP's side of the call service's direct clients. Keeps nothing: a session's
/// URL has the secret that the call service knows it by.
///
/// Answers within the request. The commands for the worker lie in the call service then: drain
/// `poll_command()` as after each call into it.
class Endpoint {
 public:
  /// Both outlive this, and the server must not be driven any more once this is destroyed.
  Endpoint(http::Server& server, conference::CallService& calls);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint() = default;

 private:
  void serve(std::string_view prefix, conference::DirectRole role);
  [[nodiscard]] http::Response answer(Instant now, conference::DirectRole role,
                                      const http::Request& request, std::string_view path);
  [[nodiscard]] http::Response connect(Instant now, conference::DirectRole role,
                                       const http::Request& request, const Target& target);
  [[nodiscard]] http::Response hang_up(Instant now, conference::DirectRole role,
                                       const Target& target);

  http::Server& server_;
  conference::CallService& calls_;
};

}  // namespace visavis::whip
