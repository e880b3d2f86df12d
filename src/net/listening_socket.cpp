#include "net/listening_socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "net/socket_address.hpp"
#include "net/socket_option.hpp"

namespace visavis::net {
namespace {

/// Who is to be accepted, and who has not spoken yet: the clients of a restarted server come all
/// at once. The kernel takes no more than net.core.somaxconn.
constexpr int kBacklog = 4096;

Error listen_error(const SocketAddress& at) {
  return {fmt::format("cannot listen on TCP {}: {}", at.to_string(),
                      std::generic_category().message(errno))};
}

}  // namespace

std::expected<FileDescriptor, Error> listening_socket(const SocketAddress& at, bool share_port) {
  FileDescriptor socket(::socket(family_of(at.ip), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return std::unexpected(listen_error(at));
  }
  set_option(socket.value(), SOL_SOCKET, SO_REUSEADDR, 1);  // Old connections in TIME_WAIT.
  // What is accepted has it, too: Linux makes a connection in the listener's likeness.
  set_option(socket.value(), IPPROTO_TCP, TCP_NODELAY, 1);
  // Told of when they have sent something, or after a second without.
  set_option(socket.value(), IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
  if (share_port) {
    set_option(socket.value(), SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (!at.ip.is_v4()) {
    set_option(socket.value(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  const KernelAddress address = to_kernel(at);
  if (::bind(socket.value(), address.pointer(), address.length) != 0 ||
      ::listen(socket.value(), kBacklog) != 0) {
    return std::unexpected(listen_error(at));
  }
  return socket;
}

}  // namespace visavis::net
