#include "socketio/remote_socket.hpp"

#include "socketio/cluster.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace visavis::socketio {

RemoteSocket::RemoteSocket(const Socket& socket)
    : id_(socket.id()),
      handshake_(socket.handshake()),
      rooms_(socket.rooms()),
      data_(socket.data_),
      data_json_(json::parse(socket.of().describe_data(socket).text).value_or(json::Value())),
      itself_(socket.of().to(id_)) {}

RemoteSocket::RemoteSocket(Namespace& of, ClusterSocket socket)
    : id_(std::move(socket.id)),
      handshake_(std::move(socket.handshake)),
      rooms_(std::move(socket.rooms)),
      data_json_(json::parse(std::move(socket.data.text)).value_or(json::Value())),
      itself_(of.to(id_)) {}

}  // namespace visavis::socketio
