package milepost.hapi;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What may be chosen of the FHIR server itself; port, address and database are Spring's own properties.
 *
 * @param referentialIntegrityOnDelete whether deleting what something refers to is refused
 */
@ConfigurationProperties("milepost.hapi")
public record HapiSettings(@DefaultValue("true") boolean referentialIntegrityOnDelete) {}
