#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/certificates.hpp"
#include "tests/service/client_pty.hpp"
#include "tests/service/server.hpp"
#include "tests/service/tls_client.hpp"

// The situations of other projects' bug reports about TLS: the table is in tests/README.md.
namespace service {
namespace {

namespace fs = std::filesystem;

struct TlsFiles {
  TemporaryDirectory directory;
  std::string configuration = "tls: {port: 0, certificate: " + (directory / "tls.crt").string() +
                              ", key: " + (directory / "tls.key").string() + "}\n";
};

std::string common_name(const Server& server) {
  return TlsClient(SocketClient("127.0.0.1", server.port("tls 127.0.0.1"))).server();
}

// As kubelet does: `..data` is renamed over, the files keep their names.
TEST(TlsSituation, ACertificateBehindTheLinksOfKubernetesIsReloaded) {
  const TlsFiles files;
  for (const std::string name : {"before", "after"}) {
    const auto made = tests::make_identity({.name = name});
    fs::create_directory(files.directory / name);
    files.directory.write(name + "/tls.crt", made.certificate);
    files.directory.write(name + "/tls.key", made.key);
  }
  fs::create_symlink("before", files.directory / "..data");
  fs::create_symlink("..data/tls.crt", files.directory / "tls.crt");
  fs::create_symlink("..data/tls.key", files.directory / "tls.key");
  Server server(files.configuration);
  EXPECT_EQ("before", common_name(server));
  fs::create_symlink("after", files.directory / "..data_tmp");
  fs::rename(files.directory / "..data_tmp", files.directory / "..data");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("info reloaded");
  EXPECT_EQ("after", common_name(server));
}

TEST(TlsSituation, AKeyWithAPassphraseAsksNothingOnTheTerminal) {
  const TlsFiles files;
  const auto made = tests::make_identity();
  files.directory.write("tls.crt", made.certificate);
  const fs::path plain = files.directory.write("plain.key", made.key);
  ASSERT_EQ(0, run({"openssl", "pkey", "-aes256", "-passout", "pass:secret", "-in", plain, "-out",
                    files.directory / "tls.key"})
                   .exit_code);
  Pty service({COROECHO, "--config", files.directory.write("coroecho.yaml", files.configuration)});
  service.wait_for("key 'tls.key'");
  service.wait_for("has a passphrase");
  EXPECT_EQ(78, service.wait());
}

TEST(TlsSituation, AHelloOfManyRecordsAndNewKeysInTheMiddleAreTls) {
  const TlsFiles files;
  const auto made = tests::make_identity();
  files.directory.write("tls.crt", made.certificate);
  files.directory.write("tls.key", made.key);
  const Server server(files.configuration);
  std::string protocols = std::string(200, 'a');
  for (const char letter : {'b', 'c', 'd', 'e', 'f', 'g', 'h'})
    protocols += ',' + std::string(200, letter);
  Process openssl({"openssl", "s_client", "-tls1_3", "-max_send_frag", "512", "-alpn", protocols,
                   "-connect", "127.0.0.1:" + std::to_string(server.port("tls 127.0.0.1"))});
  openssl.output().wait_for_line("Verify return code");
  for (const std::string key : {"k\n", "K\n"}) {
    openssl.write("before " + key);
    openssl.output().wait_for_line("before " + key.substr(0, 1));
    openssl.write(key);
    openssl.errors().wait_for_line("KEYUPDATE", key == "k\n" ? 1 : 2);
    openssl.write("after " + key);
    openssl.output().wait_for_line("after " + key.substr(0, 1));
  }
  openssl.write("Q\n");
  EXPECT_EQ(0, openssl.wait());
}

}  // namespace
}  // namespace service
