# The Socket.IO server as a library for others: `cmake --install BUILD --prefix P --component socketio` gives its modules,
# a CMake package (find_package(VisavisSocketio), target visavis::socketio) and a pkg-config file. No media module is in it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Users before what they use, as linkers of static libraries want them.
set(library_modules socketio_host socketio engineio net tls websocket http json base)
set(library_targets ${library_modules})
list(TRANSFORM library_targets PREPEND visavis_)
# Whoever links visavis::socketio has the host, too; the pure part has a name of its own.
set_target_properties(visavis_socketio_host PROPERTIES EXPORT_NAME socketio)
set_target_properties(visavis_socketio PROPERTIES EXPORT_NAME socketio_core)
foreach(module engineio net tls websocket http json base)
  set_target_properties(visavis_${module} PROPERTIES EXPORT_NAME ${module})
endforeach()
target_compile_features(visavis_socketio_host INTERFACE cxx_std_23)

install(TARGETS ${library_targets} EXPORT VisavisSocketioTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT socketio)
foreach(module ${library_modules})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/${module}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/visavis/${module}
          COMPONENT socketio FILES_MATCHING PATTERN "*.hpp" PATTERN "test_*" EXCLUDE)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/VisavisSocketio)
install(EXPORT VisavisSocketioTargets NAMESPACE visavis:: DESTINATION ${package_dir} COMPONENT socketio)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/VisavisSocketioConfig.cmake.in
                              ${CMAKE_BINARY_DIR}/VisavisSocketioConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/VisavisSocketioConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/VisavisSocketioConfig.cmake ${CMAKE_BINARY_DIR}/VisavisSocketioConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT socketio)

file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
list(TRANSFORM library_targets PREPEND -l OUTPUT_VARIABLE library_flags)
list(JOIN library_flags " " library_flags)
configure_file(${CMAKE_SOURCE_DIR}/cmake/visavis-socketio.pc.in ${CMAKE_BINARY_DIR}/visavis-socketio.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/visavis-socketio.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT socketio)
