# The common part of both packages. Each sets its own name and description, then includes this.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "coroecho authors <coroecho@coroecho.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_PREFIX /usr)
# The configuration is not below /usr.
set(CPACK_SET_DESTDIR ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
set(documents ${CMAKE_BINARY_DIR}/debian)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${documents}/changelog.Debian @ONLY)
configure_file(${root}/CHANGELOG.md ${documents}/changelog COPYONLY)
file(READ ${root}/LICENSE license)
# Lines of a field are led by a space, and empty ones are a full stop.
string(REGEX REPLACE "^MIT License\n\nCopyright[^\n]*\n\n" "" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${documents}/copyright @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/lintian-overrides.in ${documents}/lintian-overrides @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/documents.cmake)
set(CPACK_COROECHO_DOCUMENTS ${documents})

include(CPack)
