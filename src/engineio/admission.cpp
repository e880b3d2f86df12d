#include <algorithm>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"

// A request's way to its session: CORS, middlewares, the checks, `allow_request`, the id. Each of
// the hooks may answer later; the request is pending then.

namespace visavis::engineio {
namespace {

/// 120 bits, as Node's ids: whoever guesses one has the session.
constexpr std::size_t kSidLength = 20;
constexpr std::size_t kSidMax = 255;

bool is_sid(std::string_view sid) {
  return !sid.empty() && sid.size() <= kSidMax && std::ranges::all_of(sid, [](char letter) {
    return letter > ' ' && letter < '\x7F' && letter != '"' && letter != '\\';
  });
}

}  // namespace

void Decision::settle(Instant now, Outcome outcome) {
  const std::shared_ptr<Server*> server = std::exchange(server_, {}).lock();
  if (server != nullptr) {
    (*server)->settle(now, number_, std::move(outcome));
  }
}

void Server::handle_request(Instant now, http::RequestId id, http::Request request) {
  Exchange exchange{.id = id, .request = std::move(request)};
  const http::Headers& headers = exchange.request.headers;
  exchange.upgrade = options_.websocket && headers.has_token("Connection", "upgrade") &&
                     headers.has_token("Upgrade", "websocket");
  if (!options_.cors) {
    run_middleware(now, exchange, 0);
  } else if (!decide_origin_) {
    apply_cors(now, exchange, options_.cors->origin);
  } else if (Pending* const pending = park(now, exchange, Stage::kCors, 0)) {
    auto decision = std::make_shared<Decision>(self_, pending->number);
    decide_origin_(now, pending->exchange.request.headers.find("Origin"),
                   [decision](Instant at, std::expected<CorsOrigin, std::string> origin) {
                     if (origin) {
                       decision->settle(at, Decision::Pass({}, std::move(*origin)));
                     } else {
                       decision->settle(at, Decision::Refuse(std::move(origin.error())));
                     }
                   });
    leave(now, pending->number);
  }
}

// A step that is answered at once goes on to the next within the call: as deep as there are steps.
// NOLINTBEGIN(misc-no-recursion)
void Server::apply_cors(Instant now, Exchange& exchange, const CorsOrigin& rule) {
  const CorsOptions& cors =
      *options_.cors;  // NOLINT(bugprone-unchecked-optional-access): the rule is of it.
  const http::Request& request = exchange.request;
  exchange.origin_allowed = allows(rule, request.headers.find("Origin"));
  add_cors_headers(cors, rule, request, exchange.headers);
  const bool answered = request.method == "OPTIONS" && rule.kind != CorsOrigin::Kind::kOff &&
                        !cors.preflight_continue;
  if (!answered) {
    run_middleware(now, exchange, 0);
    return;
  }
  http::Response response;
  response.status = cors.options_success_status;
  respond(now, exchange, std::move(response));
}

void Server::run_middleware(Instant now, Exchange& exchange, std::size_t index) {
  if (index == 0 && answer_with_file(now, exchange)) {
    return;
  }
  if (index >= middlewares_.size()) {
    check_request(now, exchange);
    return;
  }
  if (Pending* const pending = park(now, exchange, Stage::kMiddleware, index)) {
    Exchange& lent = pending->exchange;
    const Passing passing{
        .request = lent.request, .headers = lent.headers, .upgrade = lent.upgrade};
    middlewares_[index](now, passing, Next(Decision(self_, pending->number)));
    leave(now, pending->number);
  }
}

bool Server::answer_with_file(Instant now, Exchange& exchange) {
  const http::Request& request = exchange.request;
  std::string_view name = request.path().substr(options_.path.size());
  if (!options_.add_trailing_slash && name.starts_with('/')) {
    name.remove_prefix(1);
  }
  const bool asked = !name.empty() && client_files_.has(name) &&
                     (request.method == "GET" || request.method == "HEAD");
  if (asked) {
    respond(now, exchange, client_files_.answer(request, name));
  }
  return asked;
}

void Server::check_request(Instant now, Exchange& exchange) {
  const Query query(exchange.request.query());
  auto verified = verify(query, exchange.request, exchange.upgrade);
  exchange.revision = revision_of(query);
  exchange.base64 = query.base64;
  if (verified && exchange.upgrade && !origin_may_upgrade(exchange)) {
    ++counters_.origins_refused;
    verified = std::unexpected(Refusal{.code = ErrorCode::kForbidden,
                                       .message = "Origin not allowed",
                                       .context = {{"name", "ORIGIN_NOT_ALLOWED"}}});
  }
  if (!verified) {
    refuse(now, exchange, verified.error());
  } else if (*verified == nullptr && hooks_.allow_request) {
    if (Pending* const pending = park(now, exchange, Stage::kAllow, 0)) {
      hooks_.allow_request(now, pending->exchange.request,
                           Verdict(Decision(self_, pending->number)));
      leave(now, pending->number);
    }
  } else if (*verified == nullptr) {
    admit(now, exchange);
  } else if (exchange.upgrade) {
    handle_upgrade(now, exchange, **verified);
  } else if (exchange.request.method == "GET") {
    handle_poll(now, exchange, **verified);
  } else if (exchange.request.method == "POST") {
    handle_post(now, exchange, **verified);
  } else {
    http::Response response;
    response.status = 500;
    respond(now, exchange, std::move(response));
  }
}

/// A page may always talk to the server that it came from; a client that is no browser says no
/// origin (RFC 6455 §10.2).
bool Server::origin_may_upgrade(const Exchange& exchange) const {
  if (options_.websocket_origins == WebSocketOrigins::kAny || exchange.origin_allowed) {
    return true;
  }
  const auto origin = exchange.request.headers.find("Origin");
  if (!origin) {
    return true;
  }
  // Not the scheme: it may be a proxy that speaks TLS.
  const std::size_t scheme = origin->find("://");
  return scheme != std::string_view::npos &&
         http::equal_ignoring_case(origin->substr(scheme + 3),
                                   exchange.request.headers.find("Host").value_or(""));
}

/// A new session, which the application allows.
void Server::admit(Instant now, Exchange& exchange) {
  if (!has_room(now, exchange)) {
    return;
  }
  if (!hooks_.generate_id) {
    // With the shard's letter behind it, it is as long as any.
    const std::size_t length = kSidLength - (options_.shard ? 1 : 0);
    open_session(now, exchange, entropy_.token(length));
  } else if (Pending* const pending = park(now, exchange, Stage::kId, 0)) {
    hooks_.generate_id(now, pending->exchange.request, IdVerdict(Decision(self_, pending->number)));
    leave(now, pending->number);
  }
}

void Server::open_session(Instant now, Exchange& exchange, std::string sid) {
  if (options_.shard && !sid.empty()) {
    sid += kShardLetters[options_.shard->index];
  }
  if (!is_sid(sid) || sids_.find(sid) != nullptr) {
    ++counters_.refused_by_hooks;
    refuse(
        now, exchange,
        {.code = ErrorCode::kBadRequest,
         .context = {{"name", "ID_GENERATION_ERROR"},
                     {"error", is_sid(sid) ? "the id is a living session's"
                                           : "the id is empty, too long or has bad characters"}}});
    return;
  }
  // Others may have come while the hooks decided.
  if (!has_room(now, exchange) || !has_room_for_address(now, exchange)) {
    return;
  }
  if (exchange.upgrade) {
    open_websocket(now, exchange, std::move(sid));
  } else {
    open_polling(now, exchange, std::move(sid));
  }
}

bool Server::has_room(Instant now, Exchange& exchange) {
  if (!shut_down_ && sessions_.size() < options_.sessions_max) {
    return true;
  }
  ++counters_.sessions_refused;
  refuse(now, exchange,
         {.code = ErrorCode::kForbidden,
          .message = shut_down_ ? "Server shutting down" : "Too many sessions",
          .context = {{"name", shut_down_ ? "SHUTTING_DOWN" : "SESSIONS_MAX"}},
          .status = 503});
  return false;
}

/// The session that is about to begin is counted.
bool Server::has_room_for_address(Instant now, Exchange& exchange) {
  exchange.address =
      hooks_.client_address ? hooks_.client_address(exchange.request) : exchange.request.remote.ip;
  const auto answer = addresses_->enter(now, exchange.address);
  if (answer == http::AddressCounter::Answer::kAdmitted) {
    return true;
  }
  const bool fast = answer == http::AddressCounter::Answer::kTooFast;
  ++(fast ? counters_.refused_per_rate : counters_.refused_per_address);
  refuse(
      now, exchange,
      {.code = ErrorCode::kForbidden,
       .message = fast ? "Too many sessions in a short time" : "Too many sessions of one address",
       .context = {{"name", fast ? "SESSION_RATE_PER_ADDRESS" : "SESSIONS_PER_ADDRESS"}},
       .status = 429});
  return false;
}

// Requests that wait for a hook.

/// Null when too many wait; the request is answered then.
Server::Pending* Server::park(Instant now, Exchange& exchange, Stage stage, std::size_t index) {
  const std::size_t bytes = exchange.request.body.size();
  if (pending_.size() >= options_.decisions_max ||
      pending_bytes_ + bytes > options_.decision_bytes_max) {
    ++counters_.decisions_refused;
    refuse(now, exchange,
           {.code = ErrorCode::kForbidden,
            .message = "Too many requests wait",
            .context = {{"name", "DECISIONS_MAX"}},
            .status = 503});
    return nullptr;
  }
  const std::uint64_t number = ++last_pending_;
  http_.on_abort(exchange.id, [this, number](Instant) { forget(number); });
  auto pending = std::make_unique<Pending>(
      Pending{.number = number, .exchange = std::move(exchange), .stage = stage, .index = index});
  pending->asking = true;
  pending->due = decision_due_.arm(now, number);
  pending_bytes_ += bytes;
  return pending_.emplace(number, std::move(pending)).first->second.get();
}

/// The hook has returned.
void Server::leave(Instant now, std::uint64_t number) {
  Pending& pending = *pending_.at(number);
  pending.asking = false;
  if (pending.gone) {
    forget(number);
  } else if (pending.outcome) {
    resume(now, number);
  }
}

void Server::forget(std::uint64_t number) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) {
    return;
  }
  Pending& pending = *found->second;
  if (pending.asking) {
    pending.gone = true;  // the hook still has the request in its hands
    return;
  }
  if (pending.due) {
    decision_due_.cancel(*pending.due);
  }
  pending_bytes_ -= pending.bytes();
  pending_.erase(found);
}

void Server::settle(Instant now, std::uint64_t number, Decision::Outcome outcome) {
  const auto found = pending_.find(number);
  if (found == pending_.end() || found->second->outcome) {
    return;
  }
  found->second->outcome = std::move(outcome);
  if (!found->second->asking) {
    resume(now, number);
  }
}

void Server::resume(Instant now, std::uint64_t number) {
  auto node = pending_.extract(number);
  Pending& pending = *node.mapped();
  if (!pending.outcome) {
    check(false);
    return;
  }
  if (pending.due) {
    decision_due_.cancel(*pending.due);
  }
  pending_bytes_ -= pending.bytes();
  http_.on_abort(pending.exchange.id, {});
  Decision::Outcome outcome = std::move(*pending.outcome);
  if (auto* const pass = std::get_if<Decision::Pass>(&outcome)) {
    go_on(now, pending, std::move(*pass));
  } else if (const auto* const refused = std::get_if<Decision::Refuse>(&outcome)) {
    ++(pending.due ? counters_.refused_by_hooks : counters_.decisions_overdue);
    refuse_by_hook(now, pending, refused->message);
  } else {
    respond(now, pending.exchange, std::move(std::get<http::Response>(outcome)));
  }
}

void Server::go_on(Instant now, Pending& pending, Decision::Pass pass) {
  Exchange& exchange = pending.exchange;
  switch (pending.stage) {
    case Stage::kCors: apply_cors(now, exchange, pass.origin); break;
    case Stage::kMiddleware: run_middleware(now, exchange, pending.index + 1); break;
    case Stage::kAllow: admit(now, exchange); break;
    case Stage::kId: open_session(now, exchange, std::move(pass.id)); break;
  }
}

// NOLINTEND(misc-no-recursion)

void Server::refuse_by_hook(Instant now, Pending& pending, const std::string& message) {
  Refusal refusal{.code = ErrorCode::kBadRequest};
  switch (pending.stage) {
    case Stage::kCors: refusal.context = {{"name", "CORS_FAILURE"}, {"error", message}}; break;
    case Stage::kMiddleware:
      refusal.context = {{"name", "MIDDLEWARE_FAILURE"}, {"error", message}};
      break;
    case Stage::kAllow:
      refusal = {.code = ErrorCode::kForbidden, .message = message, .context = {}};
      refusal.context = {{"message", message}};
      break;
    case Stage::kId: refusal.context = {{"name", "ID_GENERATION_ERROR"}, {"error", message}}; break;
  }
  refuse(now, pending.exchange, refusal);
}

void Server::give_up_decisions(Instant now) {
  while (const auto number = decision_due_.poll_expired(now)) {
    Pending& pending = *pending_.at(*number);
    pending.due.reset();
    settle(now, *number, Decision::Refuse{"no decision in time"});
  }
}

}  // namespace visavis::engineio
