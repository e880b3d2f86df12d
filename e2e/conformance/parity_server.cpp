// The features of a Socket.IO server, each behind an event, for parity.test.mjs: the same program
// for Node's server is parity_node.mjs, and a client must not be able to tell one from the other.
// What the server's own handlers see is kept in a log that the namespace /ctl gives out.
// `parity_server [--port N]`: a free one unless it is told.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio_host/host.hpp"
#include "test_server.hpp"

namespace {

using namespace visavis::socketio;
using std::chrono::milliseconds;
namespace json = visavis::json;

/// What the handlers have seen since it was given out.
class Log {
 public:
  void add(std::string line) { lines_.push_back(std::move(line)); }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  std::vector<std::string> lines_;
};

std::string text(std::string_view of) {
  return std::string(of);
}

BroadcastOperator audience(Namespace& of, const Arguments& arguments) {
  BroadcastOperator chosen = of.everyone();
  for (std::size_t i = 0; i < arguments[0].size(); ++i) {
    chosen = chosen.to(arguments[0].at(i).as_string());
  }
  for (std::size_t i = 0; i < arguments[1].size(); ++i) {
    chosen = chosen.except(arguments[1].at(i).as_string());
  }
  return chosen;
}

void serve_rooms(Socket& s) {
  s.on("join", [&s](const Arguments& a, Ack ack) { s.join(a[0].as_string()), ack(); });
  s.on("leave", [&s](const Arguments& a, Ack ack) { s.leave(a[0].as_string()), ack(); });
  s.on("leave-self", [&s](const Arguments&, Ack ack) { s.leave(s.id()), ack(); });
  s.on("rooms", [&s](const Arguments&, Ack ack) {
    std::vector<std::string> rooms = s.rooms();
    std::ranges::replace(rooms, s.id(), "self");
    std::ranges::sort(rooms);
    ack(rooms);
  });
  s.on("to", [&s](const Arguments& a, Ack ack) {
    Payload payload = Payload::event(a[2].as_string(), 1);
    payload.writer().begin_object().key("a");
    payload.binary(visavis::as_bytes("b"));
    payload.writer().end_object();
    audience(s.of(), a).emit(std::move(payload));
    ack();
  });
  s.on("sto", [&s](const Arguments& a, Ack ack) { s.to(a[0].as_string()).emit("sto"), ack(); });
  s.on("bcast", [&s](const Arguments&, Ack ack) { s.broadcast().emit("bcast"), ack(); });
  s.on("sexcept",
       [&s](const Arguments& a, Ack ack) { s.except(a[0].as_string()).emit("sexcept"), ack(); });
}

void serve_utilities(Socket& s) {
  Namespace& of = s.of();
  s.on("fetch", [&of](const Arguments& a, Ack ack) {
    of.in(a[0].as_string()).fetch_sockets([ack = std::move(ack)](FetchedSockets found) mutable {
      std::vector<std::int64_t> rooms;
      for (const RemoteSocket& socket : found.sockets) {
        rooms.push_back(static_cast<std::int64_t>(socket.rooms().size()));
      }
      std::ranges::sort(rooms);
      ack(rooms);
    });
  });
  s.on("fetchall", [&of](const Arguments&, Ack ack) {
    of.fetch_sockets(
        [ack = std::move(ack)](FetchedSockets found) mutable { ack(found.sockets.size()); });
  });
  s.on("sjoin", [&of](const Arguments& a, Ack ack) {
    of.in(a[0].as_string()).sockets_join(a[1].as_string()), ack();
  });
  s.on("sleave", [&of](const Arguments& a, Ack ack) {
    of.in(a[0].as_string()).sockets_leave(a[1].as_string()), ack();
  });
  s.on("sdisc", [&of](const Arguments& a, const Ack&) {
    of.in(a[0].as_string()).disconnect_sockets(a[1].as_bool());
  });
  s.on("disc", [&s](const Arguments& a, const Ack&) { s.disconnect(a[0].as_bool()); });
  s.on("hs", [&s](const Arguments&, Ack ack) { ack(s.handshake().to_json()); });
}

void serve_acks(Socket& s) {
  s.on("ask", [&of = s.of()](const Arguments& a, Ack ack) {
    const milliseconds patience(a[1].as_integer().value_or(0));
    of.to(a[0].as_string())
        .timeout(patience)
        .emit("q", "x", [ack = std::move(ack)](BroadcastAnswers got) mutable {
          std::vector<std::string> answers;
          for (const Arguments& answer : got.answers) {
            answers.push_back(text(answer[0].as_string()));
          }
          std::ranges::sort(answers);
          ack(got.missing > 0, answers);
        });
  });
  s.on("askself", [&s](const Arguments& a, Ack ack) {
    s.timeout(milliseconds(a[0].as_integer().value_or(0)))
        .emit("q", "y", [ack = std::move(ack)](std::expected<Arguments, AckError> got) mutable {
          if (!got) {
            ack("timeout");
          } else if (got->empty()) {
            ack(nullptr);
          } else {
            ack((*got)[0]);
          }
        });
  });
  s.on("multi", [](const Arguments&, Ack ack) { ack(1, "two", json::Raw{"[3]"}); });
  s.on("empty", [](const Arguments&, Ack ack) { ack(); });
  s.on("twice", [](const Arguments&, Ack ack) { ack(1), ack(2); });
  s.on("undef", [](const Arguments&, Ack ack) { ack(nullptr, nullptr); });
}

void serve_listeners(Host& host, Log& log, Socket& s) {
  s.once("once", [&log](const Arguments&, const Ack&) { log.add("once"); });
  s.on("any", [&](const Arguments&, Ack ack) {
    s.on_any([&log](std::string_view event, const Arguments& a, const Ack& asked) {
      log.add("any " + text(event) + " " + std::to_string(a.size() + (asked ? 1 : 0)));
    });
    s.prepend_any([&log](std::string_view event, const Arguments&, const Ack&) {
      log.add("pre " + text(event));
    });
    ack();
  });
  s.on("out", [&](const Arguments&, Ack ack) {
    s.on_any_outgoing([&log](std::string_view event, const Arguments& a) {
      log.add("out " + text(event) + " " + std::to_string(a.size()));
    });
    ack();
  });
  s.use([&host](std::string_view event, const Arguments&, EventNext next) {
    if (event == "bad") {
      next("bad event");
    } else if (event == "slowev") {
      host.after(milliseconds(20), [next = std::move(next)]() mutable { next(); });
    } else {
      next();
    }
  });
  s.on_error([&log](std::string_view, std::string_view why) { log.add("error " + text(why)); });
  s.on("bad", [&log](const Arguments&, const Ack&) { log.add("never"); });
  s.on("slowev", [](const Arguments&, Ack ack) { ack("slow"); });
  s.on("fast", [](const Arguments&, Ack ack) { ack("fast"); });
  s.on("emit2", [&s](const Arguments&, Ack ack) {
    s.emit("a", 1);
    s.volatile_().emit("b", 2);
    s.compress(false).emit("c");
    ack();
  });
}

ConnectionHandler server_of_sockets(Host& host, Log& log) {
  return [&host, &log](Socket& s) {
    log.add("connect " + s.of().name());
    serve_rooms(s);
    serve_utilities(s);
    serve_acks(s);
    serve_listeners(host, log, s);
    const auto end = [&log, &s, of = s.of().name()](const std::string& what) {
      return [&log, &s, begin = what + " " + of + " "](DisconnectReason reason) {
        log.add(begin + text(to_string(reason)) + " " + std::to_string(s.rooms().size()));
      };
    };
    s.on_disconnecting(end("disconnecting"));
    s.on_disconnect(end("disconnect"));
  };
}

void set_middlewares(Host& host, Log& log) {
  host.io().use([&host](Socket& s, Next next) {
    const json::Value& auth = s.handshake().auth();
    if (auth["fail"].as_bool()) {
      next(ConnectError{"nope", json::Raw{R"({"code":7,"c":"x"})"}});
    } else if (auth["plain"].as_bool()) {
      next(ConnectError{"plain"});
    } else if (auth["slow"].as_bool()) {
      host.after(milliseconds(20), [next = std::move(next)]() mutable { next(); });
    } else {
      next();
    }
  });
  host.io().use([&log](Socket&, Next next) { log.add("second"), next(); });
}

void tell_of_rooms(Log& log, RoomEvents& events) {
  const auto tell = [&log](const std::string& what) {
    return [&log, what](std::string_view room, auto...) {
      log.add(what + " " + (room.size() == 20 ? "ID" : text(room)));
    };
  };
  events.on_create(tell("create-room"));
  events.on_delete(tell("delete-room"));
  events.on_join(tell("join-room"));
  events.on_leave(tell("leave-room"));
}

/// Null: the pattern is none.
ParentNamespace* set_namespaces(Host& host, Log& log) {
  Server& io = host.io();
  io.on_connection(server_of_sockets(host, log));
  io.on_new_namespace([&log](Namespace& made) { log.add("new " + made.name()); });
  const auto matching = io.of_matching(R"(^/dyn-\d+$)");
  if (!matching) {
    return nullptr;
  }
  (*matching)->use([](Socket& s, Next next) {
    s.handshake().auth()["no"].as_bool() ? next(ConnectError{"dyn no"}) : next();
  });
  (*matching)->on_connection(server_of_sockets(host, log));
  io.of_dynamic([](std::string_view name, const json::Value& auth) {
      return name == "/fn" && auth["ok"].as_bool();
    }).on_connection(server_of_sockets(host, log));
  io.of_dynamic_async([&host](std::string_view name, const json::Value&, NamespaceVerdict verdict) {
      host.after(milliseconds(10), [late = name == "/late",
                                    verdict = std::move(verdict)]() mutable { verdict(late); });
    }).on_connection(server_of_sockets(host, log));
  Namespace& rooms = io.of("/rooms");
  rooms.on_connection(server_of_sockets(host, log));
  tell_of_rooms(log, rooms.room_events());
  return *matching;
}

void serve_control(Host& host, Log& log, ParentNamespace& parent) {
  host.io().of("/ctl").on_connection([&](Socket& s) {
    s.on("log", [&log](const Arguments&, Ack ack) { ack(log.take()); });
    s.on("dyn-all", [&parent](const Arguments&, Ack ack) { parent.emit("dyn-all"), ack(); });
    s.on("nsps", [&host](const Arguments&, Ack ack) {
      std::vector<std::string> there;
      for (const std::string_view name :
           {"/", "/ctl", "/dyn-1", "/dyn-2", "/err", "/fn", "/late", "/rooms"}) {
        if (host.io().find_namespace(name) != nullptr) {
          there.push_back(text(name));
        }
      }
      ack(there);
    });
  });
}

}  // namespace

int main(int count, char** values) {
  const auto wanted = visavis::examples::read_port({values, static_cast<std::size_t>(count)}, 0);
  if (!wanted) {
    std::fputs("usage: parity_server [--port N]\n", stderr);
    return 2;
  }
  HostOptions options;
  options.socketio.cleanup_empty_child_namespaces = true;
  Host host(options);
  Log log;
  set_middlewares(host, log);
  ParentNamespace* const parent = set_namespaces(host, log);
  if (parent == nullptr) {
    return 1;
  }
  serve_control(host, log, *parent);
  return visavis::examples::serve_on_loopback(host, *wanted);
}
