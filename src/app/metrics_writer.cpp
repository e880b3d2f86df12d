#include "app/metrics_writer.hpp"

#include <fmt/format.h>

#include "base/check.hpp"

namespace visavis::app {
namespace {

std::string escaped(std::string_view value) {
  std::string text;
  for (const char letter : value) {
    switch (letter) {
      case '\\': text += "\\\\"; break;
      case '"': text += "\\\""; break;
      case '\n': text += "\\n"; break;
      default: text += letter;
    }
  }
  return text;
}

}  // namespace

void MetricsWriter::counter(std::string_view name, std::string_view help) {
  check(name.ends_with("_total"));
  begin(name, help, "counter");
}

void MetricsWriter::gauge(std::string_view name, std::string_view help) {
  begin(name, help, "gauge");
}

void MetricsWriter::begin(std::string_view name, std::string_view help, std::string_view type) {
  family_ = name;
  text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void MetricsWriter::sample(std::uint64_t value, Labels labels) {
  text_ += family_;
  char separator = '{';
  for (const auto& [name, value_text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", separator, name, escaped(value_text));
    separator = ',';
  }
  text_ += labels.size() == 0 ? " " : "} ";
  text_ += fmt::format("{}\n", value);
}

}  // namespace visavis::app
