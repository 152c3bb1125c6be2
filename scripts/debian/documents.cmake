# Run by CPack between installing and packaging: the documents that only a Debian package has, and gzip(1).
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
file(
  COPY ${CPACK_COROECHO_DOCUMENTS}/copyright ${CPACK_COROECHO_DOCUMENTS}/changelog
          ${CPACK_COROECHO_DOCUMENTS}/changelog.Debian
  DESTINATION ${usr}/share/doc/coroecho)
file(MAKE_DIRECTORY ${usr}/share/lintian/overrides)
file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides ${usr}/share/lintian/overrides/coroecho)
file(GLOB documents ${usr}/share/man/man*/*.[1-9] ${usr}/share/doc/coroecho/changelog*)
execute_process(COMMAND gzip --best --no-name --force ${documents} COMMAND_ERROR_IS_FATAL ANY)
