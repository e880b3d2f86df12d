#include "load/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "testpeer/video_source.hpp"

namespace visavis::load {
namespace {

constexpr double kSecondsMax = 7200;
constexpr double kRateMax = 2000;

struct Given {
  std::string server = "http://127.0.0.1:8080";
  std::string pids;
  std::optional<rtp::CodecName> codec;
  double stay = 1;
  double lead = 2;
  double settle = 2;
  double duration = 10;
  int read_tick_us = 0;
};

std::unexpected<Exit> failure(std::string_view what) {
  std::string line = fmt::format("visavis-load: {} (visavis-load --help says what there is)", what);
  std::ranges::replace(line, '\n', ' ');
  return std::unexpected(Exit{.code = Exit::kUsage, .text = std::move(line)});
}

Duration seconds(double of) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(of));
}

/// An option of one of a few words.
template <class Value>
CLI::Option* add_choice(CLI::App& program, const std::string& name, Value& into,
                        const std::map<std::string, Value>& words, const std::string& help) {
  std::vector<std::string> known;
  known.reserve(words.size());
  for (const auto& [word, value] : words) {
    known.push_back(word);
  }
  const CLI::callback_t take = [&into, words](const CLI::results_t& given) {
    into = words.at(given.front());
    return true;
  };
  return program.add_option(name, take, help)
      ->expected(1)
      ->type_name("TEXT")
      ->check(CLI::IsMember(known));
}

void declare_server(CLI::App& program, Options& options, Given& given) {
  program.add_option("--server", given.server, "the server's signalling")->capture_default_str();
  add_choice<Over>(program, "--over", options.over, {{"call", Over::kCall}, {"whip", Over::kWhip}},
                   "call: the call protocol over Socket.IO (default); whip: WHIP and WHEP");
  program.add_option(
      "--whip", options.whip_template,
      "URL to publish to, of any server that forwards packets, with {room} and {name} where they "
      "belong; default SERVER/whip/{room}/{name}");
  program.add_option("--whep", options.whep_template,
                     "URL to play from; default SERVER/whep/{room}/{name}");
  program.add_option("--bearer,--token", options.bearer,
                     "bearer token of all WHIP and WHEP requests");
  program.add_option("--server-pid", given.pids,
                     "PID[,PID]: whose CPU and memory are the server's");
  program.add_flag("--allow-remote", options.allow_remote,
                   "let traffic leave this machine's loopback, as for a server that announces "
                   "another address of this machine; each client then has a socket");
}

void declare_shape(CLI::App& program, Options& options, Given& given) {
  const auto count = CLI::Range(std::size_t{1}, Options::kClientsMax);
  program.add_option("--rooms", options.rooms, "rooms")->check(count);
  program.add_option("--viewers", options.viewers, "viewers of each room")
      ->check(CLI::Range(std::size_t{0}, Options::kClientsMax));
  program.add_option("--publishers", options.publishers, "publishers of each room")->check(count);
  program.add_flag("--one-room", options.one_room,
                   "put all rooms' publishers into one room, under different names");
  program.add_option("--people", options.people, "meeting: participants of each room")
      ->check(CLI::Range(2, 100));
  program.add_option("--views", options.views, "meeting: whom each one views")
      ->check(CLI::Range(1, 48));
  program.add_option("--bitrate", options.bitrate, "bit/s of a video stream")
      ->check(CLI::Range(std::uint64_t{20'000}, std::uint64_t{50'000'000}));
  program.add_option("--fps", options.frames_per_second, "frames a second")
      ->check(CLI::Range(1U, 120U));
  add_choice<std::optional<rtp::CodecName>>(
      program, "--codec", given.codec,
      {{"vp8", rtp::CodecName::kVp8}, {"h264", rtp::CodecName::kH264}},
      "vp8 or h264; default what the publisher sends: a browser vp8, ffmpeg h264");
  add_choice<sdp::BrowserShape>(
      program, "--publisher", options.publisher,
      {{"browser", sdp::BrowserShape::kChromium}, {"ffmpeg", sdp::BrowserShape::kFfmpeg}},
      fmt::format("whom publishers are like: browser (default), or ffmpeg (WHIP): DTLS server, "
                  "minimal ICE, no feedback, H.264 with a keyframe every {} frames",
                  testpeer::VideoSource::Options::kFfmpegKeyframeEvery));
  program.add_flag("!--no-audio", options.with_audio, "publish video alone");
  add_choice<dtls::SrtpProfiles>(
      program, "--cipher", options.cipher,
      {{"gcm", dtls::SrtpProfiles::kGcm}, {"cm", dtls::SrtpProfiles::kCm}},
      "SRTP profile to offer: gcm or cm; default both");
}

void declare_course(CLI::App& program, Options& options, Given& given) {
  const auto rate = CLI::Range(0.1, kRateMax);
  const auto time = CLI::Range(0.0, kSecondsMax);
  program.add_option("--rate", options.joins_per_second, "clients that start in a second")
      ->check(rate);
  program.add_option("--churn", options.churn_per_second, "churn: joins (and leaves) a second")
      ->check(rate);
  program.add_option("--stay", given.stay, "churn: seconds that each one stays")->check(time);
  program.add_option("--lead", given.lead, "seconds from the publishers to the first viewer")
      ->check(time);
  program.add_option("--settle", given.settle, "seconds from the last viewer to measuring")
      ->check(time);
  program.add_option("--duration", given.duration, "seconds of measuring (of each step of a ramp)")
      ->check(CLI::Range(0.5, kSecondsMax));
  program
      .add_option(
          "--ramp", options.ramp_step,
          "add so many viewers at a time until loss is over 0.1 % or p99 latency over 50 ms; "
          "meeting: so many participants, in whole rooms; not for churn")
      ->check(CLI::Range(std::size_t{1}, Options::kClientsMax));
  program.add_option("--ramp-max", options.ramp_max, "where a ramp ends")
      ->check(CLI::Range(std::size_t{1}, Options::kClientsMax));
  program.add_flag("--keep-going", options.keep_going,
                   "let a ramp go on to its end, whatever a step misses");
  program
      .add_option("--read-tick-us", given.read_tick_us,
                  "read datagrams this often, as a network card that moderates its interrupts "
                  "would hand them over; latency then includes it. 0: when they come")
      ->check(CLI::Range(0, 10'000));
  program.add_option("--open-one-in", options.open_one_in,
                     "viewers whose every packet is decrypted; of the others one packet in 64. "
                     "Default: all up to 100 viewers, else 1 in 16");
  program.add_option("--json", options.json_file, "write the results here");
  program.add_flag("--quiet", options.quiet, "no progress");
  program.add_flag("--strict", options.strict,
                   "exit 1 unless nothing is lost and every viewer sees frames");
}

std::expected<void, std::string> read_pids(Options& options, std::string_view text) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    int pid = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), pid);
    if (code != std::errc() || end != part.data() + part.size() || pid <= 0) {
      return std::unexpected(fmt::format("--server-pid: \"{}\" is no process id", part));
    }
    options.server_pids.push_back(pid);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return {};
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) {
    text.pop_back();
  }
  return text;
}

std::expected<void, std::string> check_url(const Options& options, std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    return std::unexpected(url.error().text);
  }
  if (!url->at.ip.is_loopback() && !options.allow_remote) {
    return std::unexpected(
        fmt::format("{} is not this machine: --allow-remote lets load out", url->at.to_string()));
  }
  return {};
}

std::expected<void, std::string> complete(Options& options, const Given& given) {
  if (auto read = read_pids(options, given.pids); !read) {
    return read;
  }
  if (!options.whip_template.empty() || !options.whep_template.empty()) {
    options.over = Over::kWhip;
  }
  const std::string base = without_slash(given.server);
  const auto fill = [&base](std::string& text, std::string_view path) {
    text = text.empty() ? base + std::string(path) : text;
  };
  fill(options.whip_template, "/whip/{room}/{name}");
  fill(options.whep_template, "/whep/{room}/{name}");
  for (const std::string& text : {base, expand(options.whip_template, "room", "name"),
                                  expand(options.whep_template, "room", "name")}) {
    if (auto good = check_url(options, text); !good) {
      return good;
    }
  }
  const bool ffmpeg = options.publisher == sdp::BrowserShape::kFfmpeg;
  options.codec = given.codec.value_or(ffmpeg ? rtp::CodecName::kH264 : rtp::CodecName::kVp8);
  options.server = *parse_url(base);
  options.stay = seconds(given.stay);
  options.lead = seconds(given.lead);
  options.settle = seconds(given.settle);
  options.read_tick = std::chrono::microseconds(given.read_tick_us);
  options.duration = seconds(given.duration);
  return {};
}

std::expected<void, std::string> check_together(const Options& options) {
  const bool broadcasts =
      options.scenario == Scenario::kBroadcast || options.scenario == Scenario::kChurn;
  if (options.ramp_step != 0 && options.scenario == Scenario::kChurn) {
    return std::unexpected("--ramp finds how many stay: it is not for churn");
  }
  const bool whole_rooms = options.ramp_step % options.people == 0 &&
                           (options.ramp_step == 0 || options.ramp_max % options.people == 0);
  if (options.scenario == Scenario::kMeeting && !whole_rooms) {
    return std::unexpected("--ramp and --ramp-max of a meeting are multiples of --people");
  }
  if (options.over == Over::kWhip && options.scenario == Scenario::kMeeting) {
    return std::unexpected("a meeting needs the call protocol: --over call");
  }
  if (options.over == Over::kCall && options.one_room) {
    return std::unexpected("--one-room needs --over whip, where a viewer plays one publisher");
  }
  if (options.over == Over::kCall && options.publisher == sdp::BrowserShape::kFfmpeg) {
    return std::unexpected("--publisher ffmpeg publishes by WHIP: --over whip");
  }
  if (options.publisher == sdp::BrowserShape::kFfmpeg && options.codec != rtp::CodecName::kH264) {
    return std::unexpected("--publisher ffmpeg sends H.264: no --codec vp8");
  }
  if (broadcasts && options.publishers != 1) {
    return std::unexpected("a broadcast has one publisher a room: use --rooms");
  }
  if (options.publishers_in_all() + options.viewers_in_all() > Options::kClientsMax) {
    return std::unexpected(fmt::format("more than {} clients", Options::kClientsMax));
  }
  return {};
}

}  // namespace

std::expected<Options, Exit> read_command_line(std::span<const char* const> arguments) {
  CLI::App program(
      "Many WebRTC clients in one process: measures loss, latency, time to first frame and what "
      "they cost the server.",
      "visavis-load");
  Options options;
  Given given;
  add_choice<Scenario>(program, "scenario", options.scenario,
                       {{"broadcast", Scenario::kBroadcast},
                        {"meeting", Scenario::kMeeting},
                        {"churn", Scenario::kChurn},
                        {"audio", Scenario::kAudio}},
                       "broadcast (1 to many), meeting (rooms where all publish), churn (joins and "
                       "leaves beside a broadcast), audio (many microphones to many)")
      ->required();
  program.footer(
      "Examples:\n"
      "  visavis-load broadcast --viewers 200 --server-pid $(pidof visavis)\n"
      "  visavis-load meeting --rooms 10 --people 6 --views 5 --codec h264\n"
      "  visavis-load churn --churn 100 --stay 2 --duration 60\n"
      "  visavis-load broadcast --over whip --ramp 250 --ramp-max 3000 --json results.json\n"
      "Another server, here on port 8889:\n"
      "  visavis-load broadcast --viewers 100 --whip 'http://127.0.0.1:8889/{room}/{name}/whip' "
      "\\\n"
      "    --whep 'http://127.0.0.1:8889/{room}/{name}/whep' --token secret --server-pid PID\n"
      "Exit code 2: the command line; 1: nothing could be measured, or --strict found a fault.");
  declare_server(program, options, given);
  declare_shape(program, options, given);
  declare_course(program, options, given);
  try {
    program.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Exit{.code = Exit::kOk, .text = program.help()});
  } catch (const CLI::ParseError& error) {
    return failure(error.what());
  }
  if (options.scenario == Scenario::kAudio && program.get_option("--publishers")->empty()) {
    constexpr std::size_t kSpeakers = 10;
    options.publishers = kSpeakers;
  }
  if (const auto completed = complete(options, given); !completed) {
    return failure(completed.error());
  }
  const auto consistent = check_together(options);
  return consistent ? std::expected<Options, Exit>(options) : failure(consistent.error());
}

}  // namespace visavis::load
