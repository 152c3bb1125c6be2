#include "tests/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace tests {
namespace {

template <auto release>
struct Releaser {
  template <typename Type>
  void operator()(Type* object) const {
    release(object);
  }
};
using Bio = std::unique_ptr<BIO, Releaser<BIO_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION_free>>;

template <typename Pointer>
Pointer need(Pointer pointer) {
  if (!pointer) throw std::runtime_error("OpenSSL cannot make a certificate");
  return pointer;
}

Bio bio_of(std::string_view text) {
  return need(Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
}

template <typename Write>
std::string pem_of(Write write) {
  const Bio bio = need(Bio(BIO_new(BIO_s_mem())));
  write(bio.get());
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension =
      need(Extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str())));
  X509_add_ext(certificate, extension.get(), -1);
}

long next_serial() {
  static long serial = 0;
  return ++serial;
}

}  // namespace

Identity make_identity(const IdentityOptions& options) {
  const Key key = need(Key(options.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")));
  const Certificate certificate = need(Certificate(X509_new()));
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), next_serial());
  const auto until = static_cast<long>(options.expires_after.count());
  X509_gmtime_adj(X509_getm_notBefore(x509), until < 0 ? until - 3600 : -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), until);
  X509_set_pubkey(x509, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1,
                             0);
  Certificate issuer;
  Key issuer_key;
  if (options.issuer != nullptr) {
    issuer = need(Certificate(
        PEM_read_bio_X509(bio_of(options.issuer->certificate).get(), nullptr, nullptr, nullptr)));
    issuer_key = need(
        Key(PEM_read_bio_PrivateKey(bio_of(options.issuer->key).get(), nullptr, nullptr, nullptr)));
  }
  X509* const signed_by = issuer ? issuer.get() : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(signed_by));
  add_extension(x509, signed_by, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(x509, signed_by, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  if (X509_sign(x509, issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("OpenSSL cannot sign a certificate");
  return {pem_of([&](BIO* bio) { PEM_write_bio_X509(bio, x509); }), pem_of([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace tests
