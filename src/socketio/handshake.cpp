#include "socketio/handshake.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engineio/server.hpp"
#include "http/query.hpp"

namespace visavis::socketio {
namespace {

/// What was said under one name, in the order of the first saying.
struct Said {
  std::string name;
  std::vector<std::string> values;
};

void say(std::vector<Said>& all, std::string name, std::string value) {
  auto found = std::ranges::find(all, name, &Said::name);
  if (found == all.end()) {
    found = all.insert(found, {.name = std::move(name), .values = {}});
  }
  found->values.push_back(std::move(value));
}

std::string lower(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

void write_headers(json::Writer& writer, const http::Headers& headers) {
  std::vector<Said> all;
  for (const http::Headers::Field field : headers) {
    say(all, lower(std::string(field.name)), std::string(field.value));
  }
  writer.begin_object();
  for (const Said& header : all) {
    const std::string_view comma = header.name == "cookie" ? "; " : ", ";
    std::string joined;
    for (const std::string& value : header.values) {
      joined += joined.empty() ? "" : comma;
      joined += value;
    }
    writer.member(header.name, joined);
  }
  writer.end_object();
}

/// Of a name that comes twice the last counts, as with Node's engine.
void write_query(json::Writer& writer, std::string_view query) {
  std::vector<Said> all;
  for (auto& [name, value] : http::parse_query(query)) {
    say(all, std::move(name), std::move(value));
  }
  writer.begin_object();
  for (const Said& parameter : all) {
    writer.member(parameter.name, parameter.values.back());
  }
  writer.end_object();
}

}  // namespace

Handshake::Handshake(std::shared_ptr<const engineio::Handshake> connection, json::Value auth,
                     json::Date zero)
    : connection_(std::move(connection)), auth_(std::move(auth)), zero_(zero) {}

const http::Headers& Handshake::headers() const {
  return connection_->headers;
}

const SocketAddress& Handshake::address() const {
  return connection_->remote;
}

bool Handshake::secure() const {
  return connection_->secure;
}

bool Handshake::cross_domain() const {
  return headers().find("Origin").has_value();
}

Instant Handshake::issued() const {
  return connection_->issued;
}

json::Date Handshake::time() const {
  return zero_ + std::chrono::floor<std::chrono::milliseconds>(issued().time_since_epoch());
}

std::string_view Handshake::url() const {
  return connection_->url;
}

std::string_view Handshake::query() const {
  return connection_->query();
}

std::optional<std::string> Handshake::query_value(std::string_view name) const {
  std::optional<std::string> last;
  for (auto& [key, value] : http::parse_query(query())) {
    if (key == name) {
      last = std::move(value);
    }
  }
  return last;
}

json::Raw Handshake::to_json() const {
  json::Writer writer;
  writer.begin_object().key("headers");
  write_headers(writer, headers());
  writer.member("time", json::to_date_string(time()));
  writer.member("address", address().ip.to_string());
  writer.member("xdomain", cross_domain()).member("secure", secure());
  writer.member("issued", time().time_since_epoch().count()).member("url", url()).key("query");
  write_query(writer, query());
  writer.member("auth", auth()).end_object();
  return std::move(writer).take();
}

}  // namespace visavis::socketio
