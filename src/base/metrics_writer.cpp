#include "base/metrics_writer.hpp"

#include "base/check.hpp"

namespace visavis {
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
  text_.append("# HELP ").append(name).append(" ").append(help);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsWriter::sample(std::uint64_t value, Labels labels) {
  text_ += family_;
  char separator = '{';
  for (const auto& [name, value_text] : labels) {
    text_.append(1, separator).append(name).append("=\"").append(escaped(value_text)).append("\"");
    separator = ',';
  }
  text_ += labels.size() == 0 ? " " : "} ";
  text_.append(std::to_string(value)).append("\n");
}

}  // namespace visavis
