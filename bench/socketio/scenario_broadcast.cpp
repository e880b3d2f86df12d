#include <charconv>
#include <cstdint>

#include "socketio/scenario.hpp"

// One event to a room of 1000.

namespace visavis::bench {
namespace {

constexpr std::size_t kReceivers = 1000;
constexpr double kStallLimit_s = 10;

/// A room, and one client outside of it that makes the server emit.
struct Room {
  Clients receivers;
  std::unique_ptr<SocketClient> sender;
  std::uint64_t delivered = 0;
};

[[nodiscard]] bool fill(Context& context, Room& room) {
  const std::size_t count = context.connections > 0 ? context.connections : kReceivers;
  room.receivers = open_clients(context, count);
  Clients sender = open_clients(context, 1);
  if (room.receivers.size() < count || sender.empty()) {
    return false;
  }
  room.sender = std::move(sender.front());
  std::size_t joined = 0;
  for (const auto& client : room.receivers) {
    client->on_packet([&joined](bool, std::string_view) { ++joined; });
    client->write_text(R"(420["join","room"])");
    client->flush();
  }
  return turn_until(context, kStallLimit_s, [&] { return joined == count; });
}

/// Blasts one after another: the next one when the last was acked and all its events have arrived.
class Blaster {
 public:
  Blaster(Context& context, Room& room, std::size_t count) : context_(context), room_(room) {
    text_ = R"(421["blast",{"room":"room","count":)" + std::to_string(count) + R"(,"size":32}])";
    due_per_blast_ = count * room.receivers.size();
    for (const auto& client : room.receivers) {
      client->on_packet([this](bool, std::string_view) { ++room_.delivered; });
    }
    room.sender->on_packet([this](bool, std::string_view) { acked_ = true; });
  }

  /// False when the events stopped coming.
  [[nodiscard]] bool run(double seconds) {
    const double end = now_s() + seconds;
    while (now_s() < end) {
      acked_ = false;
      const std::uint64_t due = room_.delivered + due_per_blast_;
      room_.sender->write_text(text_);
      room_.sender->flush();
      if (!turn_until(context_, kStallLimit_s, [&] { return acked_ && room_.delivered >= due; })) {
        return false;
      }
    }
    return true;
  }

 private:
  Context& context_;
  Room& room_;
  std::string text_;
  std::uint64_t due_per_blast_ = 0;
  bool acked_ = false;
};

Figures blast(Context& context, std::size_t count) {
  Room room;
  if (!fill(context, room)) {
    return {};
  }
  Blaster blaster(context, room, count);
  if (!blaster.run(context.warm_up_s)) {
    return {};
  }
  const std::uint64_t before = room.delivered;
  const CpuWatch watch(context.process);
  const double start = now_s();
  if (!blaster.run(context.seconds)) {
    return {};
  }
  const double deliveries = static_cast<double>(room.delivered - before);
  const CpuWatch::Spent spent = watch.spent();
  if (deliveries == 0) {
    return {};
  }
  return {{"cpu_us", spent.total_us / deliveries},
          {"per_s", deliveries / (now_s() - start)},
          {"busiest", spent.busiest}};
}

/// `42["r",12.345678]`: when the event was sent.
double sent_at(std::string_view packet) {
  double seconds = 0;
  const std::size_t comma = packet.find(',');
  if (comma != std::string_view::npos) {
    std::from_chars(packet.data() + comma + 1, packet.data() + packet.size(), seconds);
  }
  return seconds;
}

}  // namespace

Figures broadcast_10(Context& context) {
  return blast(context, 10);
}

Figures broadcast_1(Context& context) {
  return blast(context, 1);
}

Figures relay(Context& context) {
  constexpr double kInterval_s = 0.1;
  Room room;
  if (!fill(context, room)) {
    return {};
  }
  Latencies latencies;
  for (const auto& client : room.receivers) {
    client->on_packet([&](bool, std::string_view packet) {
      ++room.delivered;
      latencies.add(now_s() - sent_at(packet));
    });
  }
  const auto relay_for = [&](double seconds) {
    const double end = now_s() + seconds;
    while (now_s() < end) {
      const double next = now_s() + kInterval_s;
      room.sender->write_text(R"(42["relay",{"room":"room","data":)" + std::to_string(now_s()) +
                              "}]");
      room.sender->flush();
      turn_for(context, next - now_s());
    }
  };
  relay_for(context.warm_up_s);
  latencies.clear();
  const std::uint64_t before = room.delivered;
  const CpuWatch watch(context.process);
  relay_for(context.seconds);
  const double deliveries = static_cast<double>(room.delivered - before);
  const CpuWatch::Spent spent = watch.spent();
  if (deliveries == 0) {
    return {};
  }
  Figures figures = {{"cpu_us", spent.total_us / deliveries}, {"busiest", spent.busiest}};
  latencies.add_to(figures);
  return figures;
}

}  // namespace visavis::bench
