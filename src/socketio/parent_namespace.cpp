#include "socketio/parent_namespace.hpp"

namespace visavis::socketio {

ParentNamespace::ParentNamespace(NamespaceDecision decide)
    : decide_(std::move(decide)), hooks_(std::make_shared<NamespaceHooks>()) {}

}  // namespace visavis::socketio
