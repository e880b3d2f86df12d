#include "http/static_files.hpp"

#include <gtest/gtest.h>

namespace visavis::http {
namespace {

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    files_.set_immutable_prefix("/assets/");
    files_.set_fallback("/r/", "/index.html");
    files_.add_header("Referrer-Policy", "no-referrer");
    files_.add("/index.html", to_buffer("<page>"));
    files_.add("/assets/app-1a2b.js", to_buffer("code code code"));
    files_.add_encoded("/assets/app-1a2b.js", "br", to_buffer("br"));
    files_.add_encoded("/assets/app-1a2b.js", "gzip", to_buffer("gz"));
  }

  [[nodiscard]] Response get(std::string path, std::string name = "X",
                             std::string value = "") const {
    Request request;
    request.method = "GET";
    request.target = std::move(path);
    request.headers.add(name, value);
    return files_.answer(request);
  }
  static std::string body(const Response& response) {
    return response.body ? std::string(as_text(*response.body)) : std::string();
  }

  StaticFiles files_;
};

TEST_F(StaticFilesTest, ThePageAnswersForTheRootAndForEveryRoom) {
  for (const char* path : {"/", "/index.html", "/r/blue", "/r/a/b"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 200U) << path;
    EXPECT_EQ(body(response), "<page>");
    EXPECT_EQ(response.headers.find("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-cache");
    EXPECT_EQ(response.headers.find("Referrer-Policy"), "no-referrer");
  }
}

TEST_F(StaticFilesTest, UnknownFilesAre404EvenUnderTheAssets) {
  EXPECT_EQ(get("/assets/gone.js").status, 404U);
  EXPECT_EQ(get("/r").status, 404U);
  EXPECT_EQ(get("/../etc/passwd").status, 404U);
}

TEST_F(StaticFilesTest, OtherMethodsAreNotAllowed) {
  Request request;
  request.method = "POST";
  request.target = "/";
  const Response response = files_.answer(request);
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.headers.find("Allow"), "GET, HEAD");
}

TEST_F(StaticFilesTest, NamesWithAHashAreCachedForever) {
  EXPECT_EQ(get("/assets/app-1a2b.js").headers.find("Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST_F(StaticFilesTest, WhoHasTheVersionGets304WithoutABody) {
  const std::string etag(*get("/").headers.find("ETag"));
  for (const std::string& value : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
    const Response response = get("/", "If-None-Match", value);
    EXPECT_EQ(response.status, 304U) << value;
    EXPECT_EQ(response.body, nullptr);
    EXPECT_EQ(response.headers.find("ETag"), etag);
  }
  EXPECT_EQ(get("/", "If-None-Match", "\"x\"").status, 200U);
}

TEST_F(StaticFilesTest, SendsTheVariantThatTheClientUnderstands) {
  const std::string path = "/assets/app-1a2b.js";
  EXPECT_EQ(body(get(path, "Accept-Encoding", "gzip, deflate, br")), "br");
  EXPECT_EQ(body(get(path, "Accept-Encoding", "gzip;q=0.5")), "gz");
  EXPECT_EQ(body(get(path, "Accept-Encoding", "br;q=0, gzip;q=0.0")), "code code code");
  const Response response = get(path, "Accept-Encoding", "gzip");
  EXPECT_EQ(response.headers.find("Content-Encoding"), "gzip");
  EXPECT_EQ(response.headers.find("Vary"), "Accept-Encoding");
  EXPECT_NE(response.headers.find("ETag"), get(path).headers.find("ETag"));
}

TEST(ContentTypeTest, IsKnownByTheEndOfTheName) {
  EXPECT_EQ(content_type_of("/a.b/c.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type_of("/x.woff2"), "font/woff2");
  EXPECT_EQ(content_type_of("/x"), "application/octet-stream");
}

}  // namespace
}  // namespace visavis::http
