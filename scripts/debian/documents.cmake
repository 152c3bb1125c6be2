# Run by CPack between installing and packaging: the documents that only a Debian package has, and gzip(1).
foreach(package ${CPACK_COMPONENTS_ALL})
  set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${package}/usr)
  set(documents ${usr}/share/doc/${package})
  file(
    COPY ${CPACK_COROECHO_DOCUMENTS}/copyright ${CPACK_COROECHO_DOCUMENTS}/changelog
         ${CPACK_COROECHO_DOCUMENTS}/changelog.Debian
    DESTINATION ${documents})
  file(MAKE_DIRECTORY ${usr}/share/lintian/overrides)
  file(COPY_FILE ${CPACK_COROECHO_DOCUMENTS}/${package}.overrides ${usr}/share/lintian/overrides/${package})
  if(CPACK_COROECHO_PROGRAM_${package})
    execute_process(
      COMMAND ${CPACK_COROECHO_SBOM} ${CPACK_COROECHO_BUILD} ${package} ${CPACK_COROECHO_PROGRAM_${package}}
      OUTPUT_FILE ${documents}/${package}.spdx.json COMMAND_ERROR_IS_FATAL ANY)
  endif()
  file(GLOB zipped ${usr}/share/man/man*/*.[1-9] ${documents}/changelog*)
  execute_process(COMMAND gzip --best --no-name --force ${zipped} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
