#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <utility>

#include "app/command_line.hpp"
#include "app/serve.hpp"

namespace {

int say(int code, const std::string& text) {
  std::fputs(text.c_str(), code == visavis::Exit::kOk ? stdout : stderr);
  if (!text.ends_with('\n')) {
    std::fputc('\n', code == visavis::Exit::kOk ? stdout : stderr);
  }
  return code;
}

int run(std::span<const char* const> arguments) {
  auto config = visavis::app::read_command_line(arguments);
  if (!config) {
    return say(config.error().code, config.error().text);
  }
  if (const auto served = visavis::app::serve(std::move(*config)); !served) {
    return say(visavis::Exit::kFailure, "visavis: " + served.error().text);
  }
  return visavis::Exit::kOk;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    return say(visavis::Exit::kFailure, std::string("visavis: ") + error.what());
  }
}
