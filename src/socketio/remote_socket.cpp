#include "socketio/remote_socket.hpp"

#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {

RemoteSocket::RemoteSocket(const Socket& socket)
    : id_(socket.id()),
      handshake_(socket.handshake()),
      rooms_(socket.rooms()),
      data_(socket.data_),
      itself_(socket.of().to(id_)) {}

}  // namespace visavis::socketio
