#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "app/config_file.hpp"
#include "app/limits.hpp"
#include "app/settings.hpp"
#include "app/version.hpp"

namespace visavis::app {
namespace {

struct Given {
  std::string config_file;
  std::map<std::string_view, std::vector<std::string>> values;
};

std::unexpected<Exit> failure(int code, std::string_view what, std::string_view hint = "") {
  std::string line = fmt::format("visavis: {}{}", what, hint);
  std::ranges::replace(line, '\n', ' ');
  return std::unexpected(Exit{.code = code, .text = std::move(line)});
}

void declare(CLI::App& serve, Given& given) {
  for (const Setting& setting : settings()) {
    CLI::Option* const option =
        serve.add_option(fmt::format("--{}", setting.name), given.values[setting.name],
                         std::string(setting.meaning));
    option->type_name(std::string(setting.values));
    option->multi_option_policy(setting.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                   : CLI::MultiOptionPolicy::Throw);
    option->expected(1)->allow_extra_args(false);  // One value behind each flag.
  }
  serve
      .add_option("--config", given.config_file,
                  "a TOML file with the same names; what is given here wins")
      ->type_name("FILE");
}

std::string footer() {
  return fmt::format(
      "Defaults: --http 127.0.0.1:8080 --http [::1]:8080 --media 0.0.0.0:7000 --media [::]:7000\n"
      "\nLimits, --limit NAME=VALUE or [limits] in the file (defaults in parentheses):\n{}",
      describe_limits(Config()));
}

std::expected<Config, Exit> configure(const Given& given) {
  Config config;
  if (!given.config_file.empty()) {
    if (const auto applied = apply_config_file(config, given.config_file); !applied) {
      return failure(Exit::kFailure, applied.error().text);
    }
  }
  for (const Setting& setting : settings()) {
    const auto& values = given.values.at(setting.name);
    if (values.empty()) {
      continue;
    }
    if (const auto applied = setting.apply(config, values); !applied) {
      return failure(Exit::kUsage, fmt::format("--{}: {}", setting.name, applied.error().text));
    }
  }
  if (const auto consistent = check_together(config); !consistent) {
    return failure(Exit::kUsage, consistent.error().text);
  }
  return config;
}

}  // namespace

std::expected<Config, Exit> read_command_line(std::span<const char* const> arguments) {
  CLI::App program("Video calls between browsers, on a server of one's own.", "visavis");
  program.set_version_flag("--version", fmt::format("visavis {}", kVersion));
  program.set_help_flag();
  program.set_help_all_flag("-h,--help", "say all that can be said to it");
  program.require_subcommand(1);
  program.footer(footer());
  CLI::App* const serve =
      program.add_subcommand("serve", "serve the call page, the signalling and the media");
  serve->set_help_flag();
  serve->set_help_all_flag("-h,--help", "say all that can be said to it");
  Given given;
  declare(*serve, given);
  try {
    program.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::CallForAllHelp&) {
    return std::unexpected(
        Exit{.code = Exit::kOk, .text = program.help("", CLI::AppFormatMode::All)});
  } catch (const CLI::CallForVersion& version) {
    return std::unexpected(Exit{.code = Exit::kOk, .text = fmt::format("{}\n", version.what())});
  } catch (const CLI::ParseError& error) {
    return failure(Exit::kUsage, error.what(), " (visavis --help says what there is)");
  }
  return configure(given);
}

}  // namespace visavis::app
