// The TCP connections of a swarm: a client says when it wants one, and hears what comes of it.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "load/swarm.hpp"
#include "net/clock.hpp"
#include "net/socket_address.hpp"

namespace visavis::load {
namespace {

net::FileDescriptor connect_to(const SocketAddress& server,
                               const std::vector<SocketAddress>& hosts) {
  net::FileDescriptor socket(
      ::socket(net::family_of(server.ip), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) {
    return {};
  }
  // An address of its own: a churn would use up one address's ports.
  if (hosts.front().ip.is_loopback() && server.ip.is_v4()) {
    constexpr int kOn = 1;
    static_cast<void>(
        ::setsockopt(socket.value(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof(kOn)));
    const net::KernelAddress local = net::to_kernel({.ip = hosts.front().ip, .port = 0});
    if (::bind(socket.value(), local.pointer(), local.length) != 0) {
      return {};
    }
  }
  const net::KernelAddress to = net::to_kernel(server);
  const int result = ::connect(socket.value(), to.pointer(), to.length);
  return result == 0 || errno == EINPROGRESS ? std::move(socket) : net::FileDescriptor();
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : 0;
}

std::string unreachable(const SocketAddress& server, int error) {
  return fmt::format("no connection to {}: {}", server.to_string(),
                     std::generic_category().message(error));
}

}  // namespace

void Swarm::follow_stream(Instant now, std::size_t index) {
  Member& member = members_[index];
  if (!member.stream && member.client->wants_stream()) {
    open_stream(index);
  }
  if (!member.stream) {
    return;
  }
  if (Buffer bytes = member.client->poll_stream_output(); !bytes.empty()) {
    member.stream->queue({share(std::move(bytes))});
  }
  note_unreachable(member);      // Asked first, for the write takes the error away.
  std::uint64_t wire_bytes = 0;  // Nobody asks here.
  const auto written = member.stream->write(wire_bytes);
  if (!written) {
    read_stream(now, index);  // What the server said before it hung up.
  }
  if (member.stream && (!written || !member.client->wants_stream())) {
    // What still waits to leave is a goodbye; the kernel has it.
    close_stream(now, index);
  }
  if (!member.stream) {
    return;
  }
  member.stream_watch.set(member.stream->is_blocked() ? net::Interest::kReadWrite
                                                      : net::Interest::kRead);
}

void Swarm::open_stream(std::size_t index) {
  Member& member = members_[index];
  member.answered = false;
  member.unreachable.clear();
  net::FileDescriptor socket = connect_to(member.client->server(), member.hosts);
  if (!socket.is_open()) {
    member.unreachable = unreachable(member.client->server(), errno);
    member.client->handle_stream_closed(net::now());
    touch(index);
    return;
  }
  const int fd = socket.value();
  member.stream = std::make_unique<net::TcpConnection>(std::move(socket), nullptr);
  member.stream_watch =
      reactor_.watch(fd, net::Interest::kReadWrite, [this, index](Instant now, net::Ready ready) {
        note_unreachable(members_[index]);
        if (ready.read) {
          read_stream(now, index);
        }
        touch(index);
      });
}

// Once the server has answered, what it said tells more than how the connection ended.
void Swarm::note_unreachable(Member& member) {
  if (!member.stream || member.answered) {
    return;
  }
  if (const int error = pending_error(member.stream->fd()); error != 0) {
    member.unreachable = unreachable(member.client->server(), error);
  }
}

void Swarm::read_stream(Instant now, std::size_t index) {
  Member& member = members_[index];
  if (!member.stream) {
    return;
  }
  std::uint64_t wire_bytes = 0;  // Nobody asks here.
  const auto result = member.stream->read(scratch_, wire_bytes, [&](Bytes bytes) {
    member.answered = true;
    member.unreachable.clear();
    member.client->handle_stream_bytes(now, bytes);
  });
  if (result != net::TcpConnection::ReadResult::kOpen) {
    close_stream(now, index);
  }
}

void Swarm::close_stream(Instant now, std::size_t index) {
  Member& member = members_[index];
  member.stream_watch.drop();
  member.stream.reset();
  member.client->handle_stream_closed(now);
  touch(index);
}

}  // namespace visavis::load
