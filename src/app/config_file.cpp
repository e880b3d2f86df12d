#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0

#include "app/config_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "app/files.hpp"
#include "app/limits.hpp"
#include "app/settings.hpp"

namespace visavis::app {
namespace {

using Applied = std::expected<void, Error>;

Applied error(std::string text) {
  return std::unexpected(Error{std::move(text)});
}

/// A text, or a list of texts; nothing for anything else.
std::optional<std::vector<std::string>> texts_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return std::vector{*text};
  }
  const toml::array* const array = node.as_array();
  if (array == nullptr || array->empty()) {
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string>();
    if (!text) {
      return std::nullopt;
    }
    texts.push_back(*text);
  }
  return texts;
}

Applied apply_limits(Config& config, const toml::node& node) {
  const toml::table* const limits = node.as_table();
  if (limits == nullptr) {
    return error("limits is a table of numbers: [limits]");
  }
  for (const auto& [name, value] : *limits) {
    const auto number = value.value<double>();
    if (!number || value.is_boolean()) {
      return error(fmt::format("limit {} is not a number", name.str()));
    }
    if (auto set = set_limit(config, name.str(), *number); !set) {
      return set;
    }
  }
  return {};
}

std::optional<conference::IceServer> ice_server_of(const toml::node& node) {
  const toml::table* const table = node.as_table();
  if (table == nullptr || table->get("urls") == nullptr) {
    return std::nullopt;
  }
  auto urls = texts_of(*table->get("urls"));
  if (!urls) {
    return std::nullopt;
  }
  return conference::IceServer{.urls = std::move(*urls),
                               .username = (*table)["username"].value_or(std::string()),
                               .credential = (*table)["credential"].value_or(std::string())};
}

Applied apply_ice_servers(Config& config, const toml::node& node) {
  const toml::array* const servers = node.as_array();
  if (servers == nullptr) {
    return error("ice-servers is a list of tables: [[ice-servers]]");
  }
  for (const toml::node& entry : *servers) {
    auto server = ice_server_of(entry);
    if (!server) {
      return error("each of ice-servers has urls, a text or a list of texts");
    }
    config.conference.ice_servers.push_back(std::move(*server));
  }
  return {};
}

Applied apply_entry(Config& config, std::string_view name, const toml::node& node) {
  if (name == "limits") {
    return apply_limits(config, node);
  }
  if (name == "ice-servers") {
    return apply_ice_servers(config, node);
  }
  const auto known = settings();
  const auto setting = std::ranges::find(known, name, &Setting::name);
  if (setting == known.end() || name == "limit") {
    return error(fmt::format("there is no setting \"{}\"", name));
  }
  const auto values = texts_of(node);
  if (!values || (values->size() > 1 && !setting->repeatable)) {
    return error(fmt::format("{} is {}", name,
                             setting->repeatable ? "a text or a list of texts" : "a text"));
  }
  return setting->apply(config, *values);
}

}  // namespace

std::expected<void, Error> apply_config_file(Config& config, const std::string& path) {
  const auto text = read_file(path);
  if (!text) {
    return std::unexpected(text.error());
  }
  return apply_config_text(config, *text, path);
}

std::expected<void, Error> apply_config_text(Config& config, std::string_view text,
                                             const std::string& path) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    const auto& at = parsed.error().source().begin;
    return error(
        fmt::format("{}:{}:{}: {}", path, at.line, at.column, parsed.error().description()));
  }
  for (const auto& [name, node] : parsed.table()) {
    if (auto applied = apply_entry(config, name.str(), node); !applied) {
      return error(fmt::format("{}:{}: {}", path, node.source().begin.line, applied.error().text));
    }
  }
  return {};
}

}  // namespace visavis::app
