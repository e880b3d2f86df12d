#include "engineio/client_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kScript = "/*!\n * Socket.IO v4.8.4\n * (c)\n */\n" + std::string(5000, 'x');

class ClientFilesTest : public testing::Test {
 protected:
  ClientFilesTest() {
    Options options;
    options.cors.emplace().origin = CorsOrigin::reflect();
    test_.emplace(options);
    std::vector<ClientFiles::File> files;
    files.emplace_back("socket.io.js", to_buffer(kScript));
    files.emplace_back("socket.io.js.br", to_buffer("brotli"));
    files.emplace_back("socket.io.js.map", to_buffer("{}"));
    files.emplace_back("secrets.js", to_buffer("secret"));
    test_->server().serve_client(ClientFiles(std::move(files)));
  }
  Answer get(std::string_view name, std::string_view fields = {}, std::string_view method = "GET") {
    const http::ConnectionId id = test_->host().open(test_->now);
    test_->host().send(test_->now, id,
                       std::string(method) + " /engine.io/" + std::string(name) +
                           " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n");
    return test_->answer(id);
  }

  std::optional<TestServer> test_;
};

TEST_F(ClientFilesTest, AreServedWithTheVersionAsTheirTag) {
  const Answer script = get("socket.io.js");
  EXPECT_EQ(script, ok(kScript));
  EXPECT_THAT(
      script.head,
      AllOf(HasSubstr("ETag: \"4.8.4\"\r\n"), HasSubstr("Cache-Control: public, max-age=0\r\n"),
            HasSubstr("Content-Type: application/javascript; charset=utf-8\r\n")));
  EXPECT_EQ(get("socket.io.js?v=1"), ok(kScript));
  EXPECT_THAT(get("socket.io.js.map").head,
              HasSubstr("Content-Type: application/json; charset=utf-8\r\n"));
  EXPECT_EQ(get("socket.io.js", {}, "HEAD").body, "");
}

TEST_F(ClientFilesTest, WhoHasTheVersionGets304) {
  EXPECT_EQ(get("socket.io.js", "If-None-Match: \"4.8.4\"\r\n").status, 304U);
  EXPECT_EQ(get("socket.io.js", "If-None-Match: W/\"4.8.4\"\r\n").status, 304U);
  EXPECT_EQ(get("socket.io.js", "If-None-Match: \"4.8.3\"\r\n").status, 200U);
}

TEST_F(ClientFilesTest, ArePackedAsTheClientLikes) {
  const Answer gzip = get("socket.io.js", "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(gzip.head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(gzip.body.size(), 200U);
  EXPECT_EQ(get("socket.io.js", "Accept-Encoding: br, gzip\r\n"), ok("brotli"));
  EXPECT_THAT(get("socket.io.js.map", "Accept-Encoding: br, deflate\r\n").head,
              HasSubstr("Content-Encoding: deflate\r\n"));  // none came with it
}

TEST_F(ClientFilesTest, MayBeLoadedByOtherPagesWhereCorsAllowsIt) {
  EXPECT_THAT(get("socket.io.js", "Origin: http://a\r\n").head,
              HasSubstr("Access-Control-Allow-Origin: http://a\r\n"));
}

TEST_F(ClientFilesTest, OtherNamesAndMethodsAreRequestsOfTheProtocol) {
  for (const std::string_view name :
       {"secrets.js", "socket.io.min.js", "socket.io.js.br", "../socket.io.js"}) {
    EXPECT_EQ(get(name).status, 400U) << name;
  }
  EXPECT_EQ(get("socket.io.js", {}, "PUT").status, 400U);
}

}  // namespace
}  // namespace visavis::engineio
