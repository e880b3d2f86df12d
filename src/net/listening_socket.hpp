#pragma once

#include <expected>

#include "base/address.hpp"
#include "base/error.hpp"
#include "net/file_descriptor.hpp"

namespace visavis::net {

/// A TCP socket that listens at `at`, without blocking; what it accepts sends small answers at once
/// (TCP_NODELAY). For protocols in which the client speaks first: who does is accepted with his
/// first bytes, who does not a second or two later (TCP_DEFER_ACCEPT). `share_port`: other sockets
/// may listen there too (SO_REUSEPORT). The error says where and why not.
[[nodiscard]] std::expected<FileDescriptor, Error> listening_socket(const SocketAddress& at,
                                                                    bool share_port);

}  // namespace visavis::net
