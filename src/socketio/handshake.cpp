#include "socketio/handshake.hpp"

#include <utility>

#include "engineio/server.hpp"
#include "http/query.hpp"

namespace visavis::socketio {
Handshake::Handshake(std::shared_ptr<const engineio::Handshake> connection, json::Value auth)
    : connection_(std::move(connection)), auth_(std::move(auth)) {}

const http::Headers& Handshake::headers() const {
  return connection_->request.headers;
}

const SocketAddress& Handshake::address() const {
  return connection_->request.remote;
}

bool Handshake::secure() const {
  return connection_->request.secure;
}

bool Handshake::cross_domain() const {
  return headers().find("Origin").has_value();
}

Instant Handshake::issued() const {
  return connection_->issued;
}

std::string_view Handshake::url() const {
  return connection_->request.target;
}

std::string_view Handshake::query() const {
  return connection_->request.query;
}

std::optional<std::string> Handshake::query_value(std::string_view name) const {
  for (auto& [key, value] : http::parse_query(query())) {
    if (key == name) {
      return std::move(value);
    }
  }
  return std::nullopt;
}

}  // namespace visavis::socketio
