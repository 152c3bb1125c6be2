# The Debian package, as CPack makes it of what is installed. scripts/package is the way to it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "coroecho authors <coroecho@coroecho.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "echo service for testing networks, and its client")
set(CPACK_PACKAGE_DESCRIPTION
    "coroecho sends back every byte that it receives, all of it and nothing else,
to ten thousand clients at a time, and logs who connected, what came and how
it ended. It is for testing networks: firewalls, address translation, load
balancers, clients.

coroecho-client talks to any echo service and verifies every byte: a prompt
in a terminal, a filter in a pipe, a ping for TCP and a benchmark.")
set(CPACK_STRIP_FILES ON)
# The configuration is not below /usr.
set(CPACK_SET_DESTDIR ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${CMAKE_BINARY_DIR}/debian/changelog.Debian @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${CMAKE_BINARY_DIR}/debian/changelog COPYONLY)
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
# Lines of a field are led by a space, and empty ones are a full stop.
string(REGEX REPLACE "^MIT License\n\nCopyright[^\n]*\n\n" "" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${CMAKE_BINARY_DIR}/debian/copyright @ONLY)
file(WRITE ${CMAKE_BINARY_DIR}/debian/conffiles "/etc/coroecho/coroecho.yaml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm
    ${CMAKE_BINARY_DIR}/debian/conffiles)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/documents.cmake)
set(CPACK_COROECHO_DOCUMENTS ${CMAKE_BINARY_DIR}/debian)

include(CPack)
