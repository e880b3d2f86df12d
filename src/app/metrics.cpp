#include "app/metrics.hpp"

#include <array>
#include <optional>

#include "app/version.hpp"
#include "base/metrics_writer.hpp"
#include "socketio_host/metrics.hpp"

namespace visavis::app {
namespace {

void write_calls(MetricsWriter& out, const conference::CallService& calls) {
  const conference::Gauges now = calls.gauges();
  out.gauge("visavis_rooms", "Rooms with somebody in them.", now.rooms);
  out.gauge("visavis_participants", "Participants of all rooms, lost ones included.",
            now.participants);
  out.gauge("visavis_prepared_peers", "Transports prepared before a join.", now.prepared);
  out.gauge("visavis_streams", "Published streams.", now.streams);
  out.gauge("visavis_whip_sessions", "WHIP and WHEP sessions.");
  out.sample(now.direct_publishers, {{"role", "publisher"}});
  out.sample(now.direct_players, {{"role", "player"}});
  const conference::Counters& counters = calls.counters();
  out.counter("visavis_whip_sessions_total", "WHIP and WHEP sessions granted.");
  out.sample(counters.direct_publishers, {{"role", "publisher"}});
  out.sample(counters.direct_players, {{"role", "player"}});
  out.counter("visavis_whip_sessions_expired_total", "Of them, those that never connected.",
              counters.direct_expired);
  out.counter("visavis_call_requests_total", "Requests of the call protocol.", counters.requests);
  out.counter("visavis_joins_total", "Participants who joined.", counters.joins);
  out.counter("visavis_leaves_total", "Participants who left.", counters.leaves);
  out.counter("visavis_resumes_total", "Participants who came back.", counters.resumes);
  out.counter("visavis_participants_lost_total", "Participants who did not come back in time.",
              counters.lost);
  out.counter("visavis_negotiations_total", "SDP offers answered.", counters.negotiations);
  out.counter("visavis_ice_restarts_total", "ICE restarts.", counters.ice_restarts);
  out.counter("visavis_prepared_total", "Transports prepared, by what became of them.");
  out.sample(counters.prepared, {{"stage", "granted"}});
  out.sample(counters.prepared_used, {{"stage", "used"}});
  out.sample(counters.prepared_expired, {{"stage", "expired"}});
  out.counter("visavis_messages_total", "Chat messages passed on.", counters.messages);
  out.counter("visavis_messages_forgotten_total",
              "Of them, those that a lost participant will not get.", counters.messages_forgotten);
  out.counter("visavis_views_total", "Views declared.", counters.views);
  out.counter("visavis_codec_requests_total", "Publishers asked to change their codec.",
              counters.codec_requests);
  out.counter("visavis_peers_lost_total", "Transports that failed or fell silent.");
  out.sample(counters.peers_failed, {{"reason", "failed"}});
  out.sample(counters.peers_silent, {{"reason", "silent"}});
  out.counter("visavis_call_refusals_total", "Requests refused, by error code.");
  for (std::size_t i = 0; i < counters.refusals.size(); ++i) {
    out.sample(counters.refusals.at(i),
               {{"code", conference::to_string(static_cast<conference::ErrorCode>(i))}});
  }
}

void write_streams(MetricsWriter& out, const MetricsSources& sources,
                   const sfu::WorkerReport& worker) {
  struct Family {
    std::string_view name;
    std::string_view help;
    std::uint64_t sfu::StreamCounters::* value;
  };
  static constexpr std::array kFamilies = {
      Family{.name = "visavis_publisher_packets_total",
             .help = "RTP packets of a published stream.",
             .value = &sfu::StreamCounters::packets},
      Family{.name = "visavis_publisher_bytes_total",
             .help = "RTP bytes of a published stream.",
             .value = &sfu::StreamCounters::bytes},
      Family{.name = "visavis_publisher_keyframes_total",
             .help = "Keyframes of a published stream.",
             .value = &sfu::StreamCounters::keyframes},
      Family{.name = "visavis_publisher_plis_total",
             .help = "Keyframes asked for (PLI) from a publisher.",
             .value = &sfu::StreamCounters::plis},
      Family{.name = "visavis_publisher_nacks_total",
             .help = "Packets asked for again from a publisher.",
             .value = &sfu::StreamCounters::nacks},
      Family{.name = "visavis_publisher_retransmissions_total",
             .help = "Packets a publisher sent again.",
             .value = &sfu::StreamCounters::retransmissions},
      Family{.name = "visavis_publisher_cache_hits_total",
             .help = "Viewers who began at a cached keyframe.",
             .value = &sfu::StreamCounters::cache_hits},
      Family{.name = "visavis_publisher_cache_misses_total",
             .help = "Viewers who had to wait for a keyframe.",
             .value = &sfu::StreamCounters::cache_misses},
  };
  for (const Family& family : kFamilies) {
    out.counter(family.name, family.help);
    for (const sfu::StreamCounters& stream : worker.streams) {
      const auto label = sources.calls.label(stream.stream).value_or(conference::StreamLabel());
      out.sample(stream.*family.value,
                 {{"room", label.room},
                  {"participant", label.participant},
                  {"stream", label.stream},
                  {"source", label.source},
                  {"kind", stream.kind == rtp::MediaKind::kVideo ? "video" : "audio"}});
    }
  }
}

void write_packets(MetricsWriter& out, const sfu::Counters& counters) {
  out.counter("visavis_datagrams_total", "Datagrams the media worker took in and gave out.");
  out.directions(counters.datagrams_in, counters.datagrams_out);
  out.counter("visavis_bytes_total", "Their bytes.");
  out.directions(counters.bytes_in, counters.bytes_out);
  out.counter("visavis_rtp_packets_total", "RTP packets from publishers and to viewers.");
  out.directions(counters.rtp_in, counters.rtp_out);
  out.counter("visavis_rtcp_packets_total", "RTCP packets from and to peers.");
  out.directions(counters.rtcp_in, counters.rtcp_out);
  out.counter("visavis_handshake_turns_total", "DTLS datagrams worked, one a wake-up.",
              counters.handshake_turns);
  out.counter("visavis_transport_feedback_total", "Feedback of viewers on when packets arrived.",
              counters.transport_feedback_in);
  out.counter("visavis_drops_total", "Datagrams and packets that went no further, by reason.");
  for (std::size_t i = 0; i < counters.drops.size(); ++i) {
    out.sample(counters.drops.at(i), {{"reason", to_string(static_cast<sfu::DropReason>(i))}});
  }
  for (std::size_t i = 0; i < counters.peer_drops.size(); ++i) {
    out.sample(counters.peer_drops.at(i), {{"reason", to_string(static_cast<peer::Drop>(i))}});
  }
  out.counter("visavis_refusals_total", "Commands the media worker refused, by reason.");
  for (std::size_t i = 0; i < counters.refusals.size(); ++i) {
    out.sample(counters.refusals.at(i),
               {{"reason", to_string(static_cast<sfu::RefusalReason>(i))}});
  }
}

void write_repair(MetricsWriter& out, const sfu::Counters& counters) {
  out.counter("visavis_keyframes_total", "Keyframes that arrived.", counters.keyframes);
  out.counter("visavis_plis_total", "Keyframes asked for (PLI and FIR).");
  out.sample(counters.plis_from_viewers, {{"from", "viewer"}});
  out.sample(counters.plis_to_publishers, {{"from", "server"}});
  out.counter("visavis_plis_coalesced_total", "Wishes for a keyframe that an earlier PLI serves.",
              counters.plis_coalesced);
  out.counter("visavis_plis_refused_total", "Wishes for a keyframe beyond one viewer's share.",
              counters.plis_refused);
  out.counter("visavis_reports_refused_total",
              "Blocks of viewers' reports beyond one viewer's share.", counters.reports_too_many);
  out.counter("visavis_cache_hits_total", "Slots that began at a cached keyframe.",
              counters.cache_hits);
  out.counter("visavis_cache_misses_total", "Slots that had to wait for a keyframe.",
              counters.cache_misses);
  out.counter("visavis_stills_total",
              "Slots that had to wait for a keyframe and showed an older one meanwhile.",
              counters.stills);
  out.counter("visavis_slot_switches_total", "Slots that were given another stream.",
              counters.slot_switches);
  out.counter("visavis_leaps_narrowed_total",
              "Gaps in a stream's numbers that were too wide to reach its viewers as they are.",
              counters.leaps_narrowed);
  out.counter("visavis_nacks_total", "Packets asked for again.");
  out.sample(counters.nacks_from_viewers, {{"from", "viewer"}});
  out.sample(counters.nacks_to_publishers, {{"from", "server"}});
  out.counter("visavis_nacks_unserved_total", "Packets viewers asked for and did not get.");
  out.sample(counters.nacks_unanswered, {{"reason", "gone"}});
  out.sample(counters.nacks_too_soon, {{"reason", "too_soon"}});
  out.sample(counters.nacks_too_many, {{"reason", "too_many"}});
  out.counter("visavis_retransmissions_total", "Packets sent again.");
  out.directions(counters.retransmissions_in, counters.retransmissions_out);
}

std::string_view name_of(SendPriority priority) {
  switch (priority) {
    case SendPriority::kUpperLayer: return "upper_layer";
    case SendPriority::kVideo: return "video";
    case SendPriority::kAudio: return "audio";
    case SendPriority::kControl: return "control";
  }
  return "unknown";
}

/// What the media thread runs on: chosen and probed when it began.
void write_means(MetricsWriter& out, const MediaMeans& means) {
  if (means.cipher.empty()) {
    return;  // The media thread has not answered yet.
  }
  out.gauge("visavis_srtp_cipher", "1, with what computes SRTP as a label.");
  out.sample(1, {{"name", means.cipher}});
  out.gauge("visavis_udp_sockets", "Media sockets.", means.sockets);
  out.gauge(
      "visavis_udp_offload",
      "Of them, those that give the kernel (GSO) and take (GRO) runs, and read reports apart.");
  out.sample(means.sending_runs, {{"mode", "gso"}});
  out.sample(means.receiving_runs, {{"mode", "gro"}});
  out.sample(means.splitting_reports, {{"mode", "reports"}});
}

void write_udp(MetricsWriter& out, const net::UdpCounters& udp) {
  out.counter("visavis_udp_datagrams_total", "Datagrams taken from and given to the kernel.");
  out.directions(udp.received_datagrams, udp.sent_datagrams);
  out.counter("visavis_udp_sent_messages_total", "Messages they were sent in; a run is one.",
              udp.sent_messages);
  out.counter("visavis_udp_drops_total", "Datagrams lost between us and the kernel, by reason.");
  out.sample(udp.received_truncated, {{"reason", "truncated"}});
  out.sample(udp.dropped_buffer_full, {{"reason", "buffer_full"}});
  out.sample(udp.dropped_unreachable, {{"reason", "unreachable"}});
  out.counter("visavis_udp_buffer_full_total",
              "Datagrams that a full send buffer cost, by what they were.");
  for (std::size_t i = 0; i < udp.dropped_by_priority.size(); ++i) {
    out.sample(udp.dropped_by_priority.at(i),
               {{"priority", name_of(static_cast<SendPriority>(i))}});
  }
  out.counter("visavis_udp_segmentation_refused_total",
              "Runs that had to leave as plain messages (the path takes no UDP_SEGMENT).",
              udp.segmentation_refused);
}

}  // namespace

std::string metrics_text(const MetricsSources& sources, const MediaReport& report) {
  MetricsWriter out;
  out.gauge("visavis_build_info", "1, with the version as a label.");
  out.sample(1, {{"version", kVersion}});
  write_calls(out, sources.calls);
  out.gauge("visavis_peers", "Browsers with media transports.", report.worker.peers);
  out.gauge("visavis_log_bytes", "Bytes held by the stream cache.", report.worker.log_bytes);
  write_streams(out, sources, report.worker);
  write_packets(out, report.worker.counters);
  write_repair(out, report.worker.counters);
  write_means(out, report.means);
  write_udp(out, report.udp);
  out.counter("visavis_mailbox_refusals_total", "Messages between threads that found no room.");
  out.sample(sources.media.commands.refused(), {{"to", "media"}});
  out.sample(sources.media.events.refused(), {{"to", "signalling"}});
  out.counter("visavis_overloaded_total", "Requests refused since no media worker takes commands.",
              sources.calls.counters().overloaded);
  socketio::write_metrics(out, socketio::HostCounters::of(sources.http, sources.host,
                                                          sources.engineio, sources.socketio));
  return out.text();
}

}  // namespace visavis::app
