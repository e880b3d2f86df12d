#include "app/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/test_files.hpp"

namespace visavis::app {
namespace {

using testing::HasSubstr;

http::Response get(const http::StaticFiles& page, std::string path, std::string coding = "") {
  http::Request request;
  request.method = "GET";
  request.target = std::move(path);
  if (!coding.empty()) {
    request.headers.add("Accept-Encoding", coding);
  }
  return page.answer(request);
}

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

TEST(Page, ServesItsFilesAndTheOnePageForEveryRoom) {
  const TestDirectory directory;
  directory.put("index.html", "<!doctype html>page");
  directory.put("assets/app-1234.js", "script");
  directory.put("assets/app-1234.js.br", "compressed");
  const auto page = load_page(directory.path()).value();
  EXPECT_EQ(as_text(*get(page, "/").body), "<!doctype html>page");
  EXPECT_EQ(as_text(*get(page, "/r/standup").body), "<!doctype html>page");
  EXPECT_EQ(as_text(*get(page, "/assets/app-1234.js").body), "script");
  EXPECT_EQ(as_text(*get(page, "/assets/app-1234.js", "br").body), "compressed");
  EXPECT_THAT(header(get(page, "/assets/app-1234.js"), "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(get(page, "/nothing").status, 404U);
}

TEST(Page, TellsBrowsersWhatItMayDo) {
  const TestDirectory directory;
  directory.put("index.html", "page");
  const auto page = load_page(directory.path()).value();
  const http::Response response = get(page, "/");
  const std::string policy = header(response, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("connect-src 'self' ws: wss:"));
  EXPECT_THAT(policy, HasSubstr("media-src 'self' blob:"));
  EXPECT_THAT(header(response, "Permissions-Policy"), HasSubstr("camera=(self)"));
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
}

TEST(Page, IsRefusedWhenTheDirectoryHoldsNone) {
  const TestDirectory directory;
  directory.put("other.html", "x");
  const auto empty = load_page(directory.path());
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().text, HasSubstr("index.html"));
  const auto missing = load_page(directory.path() + "/none");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().text, HasSubstr("none"));
}

TEST(Page, SaysHowToBuildItWhenItWasNot) {
  EXPECT_THAT(std::string(as_text(*get(missing_page(), "/r/x").body)), HasSubstr("./dev run"));
}

}  // namespace
}  // namespace visavis::app
