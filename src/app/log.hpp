#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "app/config.hpp"

namespace visavis::app {

/// One line per event: time, level, `event=…`, then what belongs to it as `key=value`. For things
/// that happen to calls, never for packets, and never for one peer's bad bytes: those are counted.
class Log {
 public:
  struct Field {
    Field(std::string_view its_key, std::string_view text) : key(its_key), value(text) {}
    Field(std::string_view its_key, std::uint64_t number)
        : key(its_key), value(std::to_string(number)) {}

    std::string_view key;
    std::string value;
  };
  using Sink = std::function<void(std::string_view line)>;

  /// Lines below `least` are not written.
  Log(LogLevel least, Sink sink) : least_(least), sink_(std::move(sink)) {}

  void write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) const;

  void debug(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kDebug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kInfo, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kWarning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kError, event, fields);
  }

 private:
  LogLevel least_;
  Sink sink_;
};

/// A line without its time: `info event=x key=value "quoted where needed"`.
[[nodiscard]] std::string format_line(LogLevel level, std::string_view event,
                                      std::initializer_list<Log::Field> fields);
/// Writes to standard error with the time (UTC) in front.
[[nodiscard]] Log::Sink standard_error();

}  // namespace visavis::app
