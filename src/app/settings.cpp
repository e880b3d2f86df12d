#include "app/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "app/limits.hpp"
#include "srtp/cipher.hpp"

namespace visavis::app {
namespace {

using Values = std::span<const std::string>;
using Applied = std::expected<void, Error>;

constexpr std::uint16_t kDefaultHttpPort = 8080;
constexpr std::uint16_t kDefaultMediaPort = 7000;

Applied error(std::string text) {
  return std::unexpected(Error{std::move(text)});
}

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value_or(IpAddress());
}

std::vector<SocketAddress> both_families(std::string_view v4, std::string_view v6,
                                         std::uint16_t port) {
  return {{.ip = ip(v4), .port = port}, {.ip = ip(v6), .port = port}};
}

/// An IP address with its port, or "localhost" and "*" for both families.
std::vector<SocketAddress> parse_endpoint(std::string_view text) {
  if (const auto address = SocketAddress::parse(text)) {
    return {*address};
  }
  for (const auto& [name, v4, v6] :
       {std::array{"localhost", "127.0.0.1", "::1"}, std::array{"*", "0.0.0.0", "::"}}) {
    const std::string prefix = fmt::format("{}:", name);
    if (!text.starts_with(prefix)) {
      continue;
    }
    if (const auto at =
            SocketAddress::parse(fmt::format("{}:{}", v4, text.substr(prefix.size())))) {
      return {*at, {.ip = ip(v6), .port = at->port}};
    }
  }
  return {};
}

Applied set_endpoints(Config::Endpoints& endpoints, Values values) {
  endpoints = {.at = {}, .is_default = false};
  for (const std::string& value : values) {
    const std::vector<SocketAddress> parsed = parse_endpoint(value);
    if (parsed.empty()) {
      return error(
          fmt::format("\"{}\" is not HOST:PORT, such as 0.0.0.0:8080, [::]:8080 or "
                      "localhost:8080",
                      value));
    }
    endpoints.at.insert(endpoints.at.end(), parsed.begin(), parsed.end());
  }
  return {};
}

std::vector<std::string> split_at_commas(Values values) {
  std::vector<std::string> parts;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      parts.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return parts;
}

Applied set_addresses(std::vector<IpAddress>& addresses, Values values) {
  addresses.clear();
  for (const std::string& part : split_at_commas(values)) {
    const auto address = IpAddress::parse(part);
    if (!address || address->is_unspecified()) {
      return error(fmt::format("\"{}\" is not an IP address", part));
    }
    addresses.push_back(*address);
  }
  return {};
}

Applied set_tls(Config& config, Values values) {
  if (values.back() != "self-signed") {
    return error(
        fmt::format("\"{}\" is not self-signed; a certificate of your own comes with "
                    "tls-cert and tls-key",
                    values.back()));
  }
  config.tls.self_signed = true;
  return {};
}

Applied set_metrics_access(Config& config, Values values) {
  if (std::ranges::find(values, "any") != values.end()) {
    config.metrics.anyone = true;
    return {};
  }
  return set_addresses(config.metrics.addresses, values);
}

Applied set_log_level(Config& config, Values values) {
  static constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
  const auto* const level = std::ranges::find(kLevels, values.back());
  if (level == kLevels.end()) {
    return error(
        fmt::format("log level \"{}\" is not debug, info, warning or error", values.back()));
  }
  config.log_level = static_cast<LogLevel>(level - kLevels.begin());
  return {};
}

Applied set_origins(Config& config, Values values) {
  config.engineio.cors.emplace().origin =
      engineio::CorsOrigin::one_of({values.begin(), values.end()});
  return {};
}

Applied accept_codecs(Config& config, Values values) {
  for (const std::string& codec : split_at_commas(values)) {
    if (codec == "vp9") {
      config.conference.accept_vp9 = true;
    } else if (codec == "av1") {
      config.conference.accept_av1 = true;
    } else {
      return error(fmt::format("\"{}\" is not vp9 or av1 (VP8, H.264 and Opus always are)", codec));
    }
  }
  return {};
}

Applied set_udp_offload(Config& config, Values values) {
  if (values.back() != "on" && values.back() != "off") {
    return error(fmt::format("udp-offload \"{}\" is not on or off", values.back()));
  }
  config.media_sockets.send_offload = values.back() == "on";
  config.media_sockets.receive_offload = config.media_sockets.send_offload;
  config.media_sockets.split_reports = config.media_sockets.send_offload;
  return {};
}

Applied set_srtp_cipher(Config& config, Values values) {
  static constexpr std::array<std::pair<std::string_view, srtp::CipherChoice>, 3> kChoices = {
      {{"automatic", srtp::CipherChoice::kAutomatic},
       {"openssl", srtp::CipherChoice::kOpenssl},
       {"ipsec-mb", srtp::CipherChoice::kIpsecMb}}};
  for (const auto& [name, choice] : kChoices) {
    if (values.back() != name) {
      continue;
    }
    if (srtp::make_cipher(choice) == nullptr) {
      return error(fmt::format("srtp-cipher \"{}\" is not there on this machine", name));
    }
    config.worker.cipher = choice;
    return {};
  }
  return error(
      fmt::format("srtp-cipher \"{}\" is not automatic, openssl or ipsec-mb", values.back()));
}

Applied set_limits(Config& config, Values values) {
  for (const std::string& value : values) {
    const std::size_t equals = std::min(value.find('='), value.size());
    const std::string_view number =
        std::string_view(value).substr(std::min(equals + 1, value.size()));
    double amount = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), amount);
    if (number.empty() || code != std::errc() || end != number.data() + number.size()) {
      return error(fmt::format("\"{}\" is not NAME=NUMBER", value));
    }
    if (auto set = set_limit(config, std::string_view(value).substr(0, equals), amount); !set) {
      return set;
    }
  }
  return {};
}

constexpr std::array kSettings = {
    Setting{.name = "http",
            .values = "HOST:PORT",
            .meaning = "where the page and the signalling are served",
            .repeatable = true,
            .apply = [](Config& c, Values v) { return set_endpoints(c.http, v); }},
    Setting{.name = "tls",
            .values = "self-signed",
            .meaning = "serve https with a certificate made at the start",
            .repeatable = false,
            .apply = &set_tls},
    Setting{.name = "tls-cert",
            .values = "FILE",
            .meaning = "serve https with this certificate chain (PEM)",
            .repeatable = false,
            .apply = [](Config& c, Values v) -> Applied {
              c.tls.certificate_file = v.back();
              return {};
            }},
    Setting{.name = "tls-key",
            .values = "FILE",
            .meaning = "its key (PEM, without password)",
            .repeatable = false,
            .apply = [](Config& c, Values v) -> Applied {
              c.tls.key_file = v.back();
              return {};
            }},
    Setting{.name = "media",
            .values = "HOST:PORT",
            .meaning = "where media is received and sent (UDP)",
            .repeatable = true,
            .apply = [](Config& c, Values v) { return set_endpoints(c.media, v); }},
    Setting{
        .name = "announce",
        .values = "IP[,IP]",
        .meaning =
            "the addresses that browsers are told; default: every global and private address of "
            "the interfaces, 127.0.0.1 last",
        .repeatable = true,
        .apply = [](Config& c, Values v) { return set_addresses(c.announce, v); }},
    Setting{.name = "udp-offload",
            .values = "on|off",
            .meaning =
                "give the kernel runs of datagrams (GSO, GRO), and have it sort out reports, "
                "where it can; default on",
            .repeatable = false,
            .apply = &set_udp_offload},
    Setting{.name = "srtp-cipher",
            .values = "NAME",
            .meaning = "what encrypts media: automatic (default), openssl or ipsec-mb",
            .repeatable = false,
            .apply = &set_srtp_cipher},
    Setting{.name = "web",
            .values = "DIR",
            .meaning = "the built page; default: that of the build or the package",
            .repeatable = false,
            .apply = [](Config& c, Values v) -> Applied {
              c.web = v.back();
              return {};
            }},
    Setting{.name = "metrics-allow",
            .values = "IP[,IP]|any",
            .meaning = "who may read /metrics besides this machine",
            .repeatable = true,
            .apply = &set_metrics_access},
    Setting{.name = "cors-origin",
            .values = "ORIGIN",
            .meaning = "pages of this origin may use the signalling; * for all",
            .repeatable = true,
            .apply = &set_origins},
    Setting{.name = "accept-codec",
            .values = "vp9|av1",
            .meaning = "take this from publishers, too",
            .repeatable = true,
            .apply = &accept_codecs},
    Setting{.name = "log-level",
            .values = "LEVEL",
            .meaning = "debug, info (default), warning or error",
            .repeatable = false,
            .apply = &set_log_level},
    Setting{.name = "limit",
            .values = "NAME=VALUE",
            .meaning = "change a limit; names, meanings and defaults are below",
            .repeatable = true,
            .apply = &set_limits},
};

}  // namespace

Config::Config()
    : http{.at = both_families("127.0.0.1", "::1", kDefaultHttpPort)},
      media{.at = both_families("0.0.0.0", "::", kDefaultMediaPort)} {
  engineio.path = "/socket.io/";
  engineio.per_message_deflate.enabled = true;
}

std::span<const Setting> settings() {
  return kSettings;
}

std::expected<void, Error> check_together(const Config& config) {
  const TlsConfig& tls = config.tls;
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return error("tls-cert and tls-key come together");
  }
  if (tls.self_signed && !tls.certificate_file.empty()) {
    return error("either tls self-signed or tls-cert and tls-key");
  }
  return {};
}

}  // namespace visavis::app
