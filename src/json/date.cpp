#include "json/date.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace visavis::json {
namespace {

/// Decimal, with zeros in front up to `width`.
std::string digits(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) {
    text.insert(0, width - text.size(), '0');
  }
  return text;
}

/// A date taken apart.
struct Parts {
  explicit Parts(Date date)
      : day(std::chrono::floor<std::chrono::days>(date)), ymd(day), time(date - day) {}

  [[nodiscard]] std::string clock() const {
    return digits(time.hours().count(), 2) + ':' + digits(time.minutes().count(), 2) + ':' +
           digits(time.seconds().count(), 2);
  }

  std::chrono::sys_days day;
  std::chrono::year_month_day ymd;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

std::string iso_year(int year) {
  if (year < 0) {
    return '-' + digits(-std::int64_t{year}, 6);
  }
  return year > 9999 ? '+' + digits(year, 6) : digits(year, 4);
}

}  // namespace

std::string to_iso_string(Date date) {
  const Parts parts(date);
  std::string text = iso_year(static_cast<int>(parts.ymd.year()));
  text += '-' + digits(unsigned{parts.ymd.month()}, 2) + '-' + digits(unsigned{parts.ymd.day()}, 2);
  text += 'T' + parts.clock() + '.' + digits(parts.time.subseconds().count(), 3) + 'Z';
  return text;
}

std::string to_date_string(Date date) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts parts(date);
  std::string text(kDays.at(std::chrono::weekday(parts.day).c_encoding()));
  text += ' ';
  text += kMonths.at(unsigned{parts.ymd.month()} - 1);
  text += ' ' + digits(unsigned{parts.ymd.day()}, 2) + ' ';
  const int year = static_cast<int>(parts.ymd.year());
  text += (year < 0 ? '-' + digits(-std::int64_t{year}, 6) : digits(year, 4)) + ' ';
  text += parts.clock() + " GMT+0000 (Coordinated Universal Time)";
  return text;
}

}  // namespace visavis::json
