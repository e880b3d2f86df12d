#include "call/source.hpp"

namespace visavis::call {

std::string_view to_string(Source source) {
  switch (source) {
    case Source::kMicrophone: return "microphone";
    case Source::kCamera: return "camera";
    case Source::kScreen: return "screen";
    case Source::kScreenAudio: return "screen-audio";
  }
  return "";
}

std::optional<Source> source_named(std::string_view name) {
  for (const Source source :
       {Source::kMicrophone, Source::kCamera, Source::kScreen, Source::kScreenAudio}) {
    if (name == to_string(source)) {
      return source;
    }
  }
  return std::nullopt;
}

}  // namespace visavis::call
