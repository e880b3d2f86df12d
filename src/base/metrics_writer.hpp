#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace visavis {

/// Writes the text format of Prometheus (version 0.0.4): families with HELP and TYPE, then their
/// samples.
class MetricsWriter {
 public:
  /// Name and value.
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  /// Begins a family; its name must end in "_total".
  void counter(std::string_view name, std::string_view help);
  void gauge(std::string_view name, std::string_view help);
  /// A value of the family begun last.
  void sample(std::uint64_t value, Labels labels = {});
  /// Two of it: what came to us and what went from us.
  void directions(std::uint64_t in, std::uint64_t out) {
    sample(in, {{"direction", "in"}});
    sample(out, {{"direction", "out"}});
  }

  /// A family of one value.
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    counter(name, help);
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    gauge(name, help);
    sample(value);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name, std::string_view help, std::string_view type);

  std::string text_;
  std::string family_;
};

}  // namespace visavis
