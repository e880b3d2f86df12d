#pragma once

#include <functional>
#include <type_traits>
#include <utility>

namespace visavis {

template <class Signature>
class Callback;

/// A function of the application's, which the library calls: a `std::move_only_function` that an
/// exception does not leave. One that would ends the program (`std::terminate`), before it can
/// leave the library in the middle of its work.
template <class Result, class... Args>
class Callback<Result(Args...)> : public std::move_only_function<Result(Args...)> {
  using Function = std::move_only_function<Result(Args...)>;

 public:
  using Function::Function;

  template <class... Given>
    requires std::is_invocable_v<Function&, Given...>
  Result operator()(Given&&... given) noexcept {
    return Function::operator()(std::forward<Given>(given)...);
  }
};

}  // namespace visavis
