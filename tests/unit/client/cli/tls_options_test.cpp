#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/cli/options.hpp"
#include "tests/certificates.hpp"
#include "tests/temporary_directory.hpp"

namespace client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TheTlsOptions : public testing::Test {
 protected:
  static boost::system::result<Options, EarlyExit> parse(std::vector<std::string> words) {
    words.insert(words.begin(), {"coroecho-client", "--tls"});
    std::vector<const char*> arguments;
    for (const auto& word : words)
      arguments.push_back(word.c_str());
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
  }

  static std::string server_name(const std::vector<std::string>& words) {
    const auto options = parse(words);
    return options ? options->target.tls->server_name : options.error().error;
  }

  static void expect_refused(const std::vector<std::string>& words, const std::string& message) {
    const auto options = parse(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().status, 2);
    EXPECT_THAT(options.error().error, StartsWith(message));
  }

  TemporaryDirectory files_;
};

TEST_F(TheTlsOptions, ExpectTheCertificateOfTheHostUnlessANameIsGiven) {
  EXPECT_EQ(server_name({}), "localhost");
  EXPECT_EQ(server_name({"example.org:7"}), "example.org");
  EXPECT_EQ(server_name({"example.org."}), "example.org");
  EXPECT_EQ(server_name({"[fe80::1%eth0]:7"}), "fe80::1");
  EXPECT_EQ(server_name({"127.0.0.1", "--servername", "example.org"}), "example.org");
}

TEST_F(TheTlsOptions, RefuseFilesThatCannotBeUsedAndNameThem) {
  const std::string missing = files_ / "missing";
  const std::string folder = files_.path();
  const std::string text = files_.write("text", "no PEM");
  const auto own = tests::make_identity();
  const std::string certificate = files_.write("certificate", own.certificate);
  const std::string key = files_.write("key", own.key);
  const std::string other_key = files_.write("other", tests::make_identity().key);
  expect_refused({"--ca", missing}, "--ca: " + missing + ": No such file or directory");
  expect_refused({"--ca", folder}, "--ca: " + folder + ": Is a directory");
  expect_refused({"--ca", text}, "--ca: " + text + ": no certificate in PEM");
  expect_refused({"--ca", "/dev/zero"}, "--ca: /dev/zero: is too large");
  expect_refused({"--cert", text}, "--cert: " + text + ": no certificate in PEM");
  expect_refused({"--cert", certificate}, "--cert: " + certificate + ": no private key in PEM");
  expect_refused({"--cert", certificate, "--key", missing},
                 "--key: " + missing + ": No such file or directory");
  expect_refused({"--cert", certificate, "--key", other_key},
                 "--key: " + other_key + ": does not belong to the certificate");
  EXPECT_TRUE(parse({"--ca", certificate, "--cert", certificate, "--key", key}));
}

TEST_F(TheTlsOptions, RefuseUdpAndAKeyWithoutItsCertificate) {
  expect_refused({"--udp", "--ping"}, "--tls excludes --udp");
  expect_refused({"--key", "key"}, "--key requires --cert");
}

TEST(TlsOptions, AreOfNoUseWithoutTls) {
  for (const char* option : {"--ca", "--servername", "--cert"}) {
    const std::vector<const char*> arguments = {"coroecho-client", option, "x"};
    const auto options = parse_options(static_cast<int>(arguments.size()), arguments.data());
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().status, 2);
    EXPECT_THAT(options.error().error, HasSubstr("requires --tls"));
  }
}

}  // namespace
}  // namespace client
