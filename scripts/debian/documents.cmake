# Run by CPack between installing and packaging: the documents that only a Debian package has, and gzip(1).
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(documents ${usr}/share/doc/${CPACK_PACKAGE_NAME})
file(
  COPY ${CPACK_COROECHO_DOCUMENTS}/copyright ${CPACK_COROECHO_DOCUMENTS}/changelog
          ${CPACK_COROECHO_DOCUMENTS}/changelog.Debian
  DESTINATION ${documents})
file(MAKE_DIRECTORY ${usr}/share/lintian/overrides)
file(COPY_FILE ${CPACK_COROECHO_DOCUMENTS}/lintian-overrides ${usr}/share/lintian/overrides/${CPACK_PACKAGE_NAME})
file(GLOB zipped ${usr}/share/man/man*/*.[1-9] ${documents}/changelog*)
execute_process(COMMAND gzip --best --no-name --force ${zipped} COMMAND_ERROR_IS_FATAL ANY)
