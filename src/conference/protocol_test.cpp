#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conference/call_bed.hpp"

/// docs/protocol.md, its examples taken at their word.
namespace visavis::conference {
namespace {

using ::testing::Contains;

struct Example {
  std::string label;  ///< "join", "join.ack", "message.event"
  std::string text;

  [[nodiscard]] std::string name() const { return label.substr(0, label.find('.')); }
};

std::vector<Example> examples() {
  std::vector<Example> examples;
  const std::string page = repository_file("docs/protocol.md");
  constexpr std::string_view kFence = "```json ";
  for (std::size_t at = page.find(kFence); at != std::string::npos; at = page.find(kFence, at)) {
    at += kFence.size();
    const std::size_t line = page.find('\n', at);
    const std::size_t end = page.find("```", line);
    examples.push_back({page.substr(at, line - at), page.substr(line + 1, end - line - 1)});
    at = end + 3;
  }
  return examples;
}

bool is_request(const Example& example, const SchemaCheck& schema) {
  return schema.has_request(example.name()) && example.label.find('.') == std::string::npos;
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

TEST(Protocol, HasExamplesThatFitItsSchema) {
  const SchemaCheck schema;
  const auto all = examples();
  ASSERT_GT(all.size(), 30U);
  for (const Example& example : all) {
    const auto value = json::parse(example.text);
    ASSERT_TRUE(value) << example.label;
    if (example.label.ends_with(".ack")) {
      EXPECT_EQ(schema.request(example.name(), "ack", *value), "");
    } else if (is_request(example, schema)) {
      EXPECT_EQ(schema.request(example.name(), "payload", *value), "");
    } else {
      EXPECT_EQ(schema.event(example.name(), *value), "");
    }
  }
}

TEST(Protocol, HasRequestsThatTheServerDoes) {
  CallBed bed;
  auto grace = bed.connect();
  grace.join("standup", "Grace", {.session = "2"});
  auto ada = bed.connect();
  std::string token;
  std::string camera;
  int done = 0;
  for (Example example : examples()) {
    if (!is_request(example, bed.schema()) || example.name() == "leave") {
      continue;
    }
    replace(example.text, "b-9TeWnn3x0A", grace.self);
    replace(example.text, "\"v=0\\r\\n…\"", CallerOffer().json());
    replace(example.text, "0vX…", token);
    replace(example.text, "uL5…", camera);
    replace(example.text, "Zt7…", camera);
    if (example.name() == "resume") {
      ada.vanish();
      ada = bed.connect();
    }
    const json::Value reply = ada.request(example.name(), example.text);
    ++done;
    if (example.name() == "stats") {
      EXPECT_TRUE(reply.is_null());
      continue;
    }
    EXPECT_TRUE(reply["ok"].as_bool()) << example.label << reply.raw();
    if (reply.find("resumeToken")) {
      token = reply["resumeToken"].as_string();
    }
    if (reply.find("stream")) {
      camera = reply["stream"]["id"].as_string();
    }
    if (example.name() == "unpublish") {
      camera =
          ada.request("publish", R"({"mid":"2","source":"screen"})")["stream"]["id"].as_string();
    }
  }
  EXPECT_EQ(done, 12);  // Two of `message`, none of `leave`.
  EXPECT_EQ(ada.refusal("leave", "{}"), "ok");
}

TEST(Protocol, ListsEveryErrorCode) {
  const SchemaCheck schema;
  const json::Value root = json::parse(repository_file("protocol/call.schema.json")).value();
  std::vector<std::string> listed;
  for (const json::Value& code : root["definitions"]["ErrorCode"]["enum"].elements()) {
    listed.emplace_back(code.as_string());
  }
  EXPECT_EQ(listed.size(), kErrorCodeCount);
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    EXPECT_THAT(listed, Contains(std::string(to_string(static_cast<ErrorCode>(i)))));
  }
}

}  // namespace
}  // namespace visavis::conference
