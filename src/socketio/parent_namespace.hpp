#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "json/value.hpp"
#include "socketio/namespace.hpp"

namespace visavis::socketio {

/// The answer to whether a namespace shall be, now or later. Thrown away unused it says no.
class NamespaceVerdict {
 public:
  using Answer = std::move_only_function<void(bool allowed)>;

  explicit NamespaceVerdict(Answer answer) : answer_(std::move(answer)) {}
  NamespaceVerdict(NamespaceVerdict&& other) noexcept
      : answer_(std::exchange(other.answer_, nullptr)) {}
  NamespaceVerdict& operator=(NamespaceVerdict&&) = delete;
  NamespaceVerdict(const NamespaceVerdict&) = delete;
  NamespaceVerdict& operator=(const NamespaceVerdict&) = delete;
  ~NamespaceVerdict() { (*this)(false); }

  void operator()(bool allowed) {
    if (Answer once = std::exchange(answer_, nullptr)) {
      once(allowed);
    }
  }

 private:
  Answer answer_;
};

/// `name` begins with a slash; `auth` is what the client sent with it. Both are lent for the call.
using NamespacePredicate = Callback<bool(std::string_view name, const json::Value& auth)>;
using NamespaceDecision =
    Callback<void(std::string_view name, const json::Value& auth, NamespaceVerdict)>;

/// Namespaces that are made when a client asks for one of them. They share the middlewares and
/// connection handlers given here, which come before those of their own.
class ParentNamespace {
 public:
  explicit ParentNamespace(NamespaceDecision decide);

  void use(Middleware middleware) { hooks_->use(std::move(middleware)); }
  void on_connection(ConnectionHandler handler) { hooks_->on_connection(std::move(handler)); }

  /// To the sockets of all its namespaces.
  template <class... Args>
  void emit(std::string_view event, const Args&... args) const {
    for (Namespace* const child : std::vector(children_)) {  // a listener may make another
      child->emit(event, args...);
    }
  }
  /// Those that are, in the order of their making.
  [[nodiscard]] const std::vector<Namespace*>& children() const { return children_; }

 private:
  friend class Connection;
  friend class Server;

  NamespaceDecision decide_;
  std::function<bool(std::string_view)> matches_;  // null: clients alone may have children made
  std::shared_ptr<NamespaceHooks> hooks_;          // shared with the children
  std::vector<Namespace*> children_;
};

}  // namespace visavis::socketio
