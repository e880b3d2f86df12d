#include "load/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "json/writer.hpp"

namespace visavis::load {
namespace {

double ms(Duration of) {
  return std::chrono::duration<double, std::milli>(of).count();
}

double per_second(std::uint64_t count, const Result& result) {
  const double span = std::chrono::duration<double>(result.span).count();
  return span > 0 ? static_cast<double>(count) / span : 0;
}

std::string percentiles(const Histogram& of) {
  return fmt::format("{:.1f} / {:.1f} / {:.1f}", ms(of.percentile(0.5)), ms(of.percentile(0.9)),
                     ms(of.percentile(0.99)));
}

struct Row {
  std::string_view name;
  std::function<std::string(const Result&)> cell;
};

std::string server_cell(const Result& result, std::string text) {
  return result.server_cpu ? std::move(text) : "-";
}

std::vector<Row> client_rows() {
  return {
      {.name = "publishers",
       .cell = [](const Result& r) { return fmt::format("{}", r.publishers); }},
      {.name = "viewers (opened whole)",
       .cell = [](const Result& r) { return fmt::format("{} ({})", r.viewers, r.opened); }},
      {.name = "seconds",
       .cell = [](const Result& r) { return fmt::format("{:.1f}", ms(r.span) / 1000); }},
      {.name = "packets/s to viewers",
       .cell = [](const Result& r) { return fmt::format("{:.0f}", per_second(r.forwarded, r)); }},
      {.name = "Mbit/s to viewers",
       .cell =
           [](const Result& r) { return fmt::format("{:.1f}", per_second(r.bytes, r) * 8 / 1e6); }},
      {.name = "loss, % (after repair)",
       .cell =
           [](const Result& r) {
             return fmt::format("{:.4f} ({:.4f})", r.loss() * 100, r.missing() * 100);
           }},
      {.name = "frames completed, %",
       .cell =
           [](const Result& r) {
             const auto sent = static_cast<double>(std::max<std::uint64_t>(r.frames_sent, 1));
             return r.frames_sent == 0
                        ? "-"
                        : fmt::format("{:.3f}",
                                      static_cast<double>(r.frames_completed) / sent * 100);
           }},
      {.name = "latency p50/p90/p99, ms",
       .cell = [](const Result& r) { return percentiles(r.latency); }},
      {.name = "latency max, ms",
       .cell = [](const Result& r) { return fmt::format("{:.1f}", ms(r.latency.max())); }},
      {.name = "first frame p50/p90/p99, ms",
       .cell = [](const Result& r) { return percentiles(r.first_frame); }},
      {.name = "first frames",
       .cell = [](const Result& r) { return fmt::format("{}", r.first_frame.count()); }},
      {.name = "failed, without a frame, starving",
       .cell =
           [](const Result& r) {
             return fmt::format("{}, {}, {}", r.failed, r.without_frames, r.starving);
           }},
      {.name = "breaks", .cell = [](const Result& r) { return fmt::format("{}", r.breaks); }},
      {.name = "this program, % of a core",
       .cell = [](const Result& r) { return fmt::format("{:.0f}", r.own_share * 100); }},
      {.name = "waits for a core, %: it, the server",
       .cell =
           [](const Result& r) {
             return fmt::format("{:.1f}, {:.1f}", r.own_wait * 100, r.server_wait * 100);
           }},
  };
}

std::vector<Row> server_rows() {
  return {
      {.name = "server, % of a core",
       .cell =
           [](const Result& r) {
             return server_cell(r, fmt::format("{:.1f}", r.server_share() * 100));
           }},
      {.name = "server, µs per packet to viewers",
       .cell =
           [](const Result& r) {
             return server_cell(r, fmt::format("{:.3f}", r.cpu_per_packet_us()));
           }},
      {.name = "server, kB per viewer",
       .cell =
           [](const Result& r) {
             return server_cell(r, fmt::format("{:.1f}", r.bytes_per_viewer() / 1000));
           }},
      {.name = "server, MB",
       .cell =
           [](const Result& r) {
             return server_cell(r,
                                fmt::format("{:.1f}", static_cast<double>(r.resident_after) / 1e6));
           }},
      {.name = "server, slope in kB/min",
       .cell =
           [](const Result& r) {
             return server_cell(r, fmt::format("{:.1f}", r.resident_slope() / 1000));
           }},
  };
}

void write_histogram(json::Writer& writer, std::string_view name, const Histogram& of) {
  writer.key(name).begin_object();
  writer.member("count", of.count()).member("p50", ms(of.percentile(0.5)));
  writer.member("p90", ms(of.percentile(0.9))).member("p99", ms(of.percentile(0.99)));
  writer.member("max", ms(of.max())).end_object();
}

void write_counts(json::Writer& writer, std::string_view name, const StreamCounts& of) {
  writer.key(name).begin_object();
  writer.member("expected", of.expected).member("received", of.received);
  writer.member("repaired", of.repaired).member("duplicates", of.duplicates);
  writer.member("frames", of.frames).end_object();
}

void write_published(json::Writer& writer, std::string_view name, const Published& of) {
  writer.key(name).begin_object();
  writer.member("packets", of.packets).member("bytes", of.bytes).member("bursts", of.bursts);
  writer.end_object();
}

void write_server(json::Writer& writer, const Result& result) {
  writer.key("server").begin_object();
  writer.member("cpuShare", result.server_share());
  writer.member("cpuPerPacketUs", result.cpu_per_packet_us());
  writer.member("cpuMs", ms(result.server_cpu.value_or(Duration::zero())));
  writer.member("bytesPerViewer", result.bytes_per_viewer());
  writer.member("residentBefore", result.resident_before);
  writer.member("residentAfter", result.resident_after);
  writer.member("residentBytesPerMinute", result.resident_slope());
  writer.key("resident").begin_array();
  for (const std::uint64_t bytes : result.resident) {
    writer.number(bytes);
  }
  writer.end_array().end_object();
}

void write_result(json::Writer& writer, const Result& result) {
  writer.begin_object();
  writer.member("viewers", result.viewers).member("publishers", result.publishers);
  writer.member("opened", result.opened).member("spanMs", ms(result.span));
  writer.member("forwarded", result.forwarded).member("bytes", result.bytes);
  writer.member("loss", result.loss()).member("missing", result.missing());
  write_counts(writer, "video", result.video);
  write_counts(writer, "audio", result.audio);
  writer.member("framesSent", result.frames_sent);
  writer.member("framesCompleted", result.frames_completed);
  writer.member("starving", result.starving).member("withoutFrames", result.without_frames);
  writer.member("failed", result.failed).member("failure", result.failure);
  writer.member("breaks", result.breaks).member("joins", result.joins);
  write_histogram(writer, "latencyMs", result.latency);
  write_histogram(writer, "firstFrameMs", result.first_frame);
  write_published(writer, "videoPublished", result.video_published);
  write_published(writer, "audioPublished", result.audio_published);
  writer.member("ownShare", result.own_share).member("ownDrops", result.own_drops);
  writer.member("ownWait", result.own_wait).member("serverWait", result.server_wait);
  writer.member("ownLimit", own_limit(result)).member("shortfall", shortfall(result, {}));
  if (result.server_cpu) {
    write_server(writer, result);
  }
  writer.end_object();
}

}  // namespace

std::size_t capacity(std::span<const Result> results) {
  std::size_t good = 0;
  for (const Result& result : results) {
    const bool holds = shortfall(result, {}).empty() && own_limit(result).empty();
    good = holds ? std::max(good, result.viewers) : good;
  }
  return good;
}

std::string write_table(std::span<const Result> results) {
  constexpr int kNameWidth = 36;
  constexpr int kCellWidth = 22;
  std::vector<Row> rows = client_rows();
  std::ranges::copy(server_rows(), std::back_inserter(rows));
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("{:<{}}", row.name, kNameWidth);
    for (const Result& result : results) {
      text += fmt::format("{:>{}}", row.cell(result), kCellWidth);
    }
    text += '\n';
  }
  return text;
}

std::string write_json(const Options& options, std::span<const Result> results,
                       const std::string& ramp_ended) {
  json::Writer writer;
  writer.begin_object();
  writer.member("scenario", to_string(options.scenario));
  writer.member("over", options.over == Over::kCall ? "call" : "whip");
  writer.member("codec", options.codec == rtp::CodecName::kH264 ? "h264" : "vp8");
  writer.member("bitrate", options.bitrate);
  writer.member("rooms", options.rooms);
  if (options.ramp_step != 0) {
    writer.member("capacity", capacity(results)).member("rampEnded", ramp_ended);
  }
  writer.key("results").begin_array();
  for (const Result& result : results) {
    write_result(writer, result);
  }
  writer.end_array().end_object();
  return std::move(writer).text() + "\n";
}

}  // namespace visavis::load
