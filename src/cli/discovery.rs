//! `--discovery-srv`: the endpoints that the SRV records of a domain name.

use super::CliError;
use super::global_options::DiscoveryFlags;
use etcd_lease::wire::Address;

/// Looks the endpoints up.
#[cfg(feature = "srv")]
pub(super) async fn addresses(domain: &str, flags: &DiscoveryFlags) -> Result<Vec<Address>, CliError> {
    look_up(domain, flags, &etcd_discovery::Resolver::system()).await
}

/// Returns the error that this build cannot look endpoints up.
#[cfg(not(feature = "srv"))]
pub(super) async fn addresses(_: &str, _: &DiscoveryFlags) -> Result<Vec<Address>, CliError> {
    let why =
        "this leasetop was built without DNS lookups (cargo feature srv); use --endpoints instead of --discovery-srv";
    Err(CliError::Usage(why.to_owned()))
}

#[cfg(feature = "srv")]
async fn look_up(
    domain: &str,
    flags: &DiscoveryFlags,
    resolver: &etcd_discovery::Resolver,
) -> Result<Vec<Address>, CliError> {
    let urls = resolver.endpoints(domain, flags.discovery_srv_name.as_deref()).await?;
    kept(&urls, domain, flags)
}

/// The endpoints to use. Without insecure discovery they are those with TLS, and their certificate must be for the domain: a
/// forged record may name any host (`endpointsFromFlagValue` and `secureCfgFromCmd` of etcdctl).
#[cfg(any(feature = "srv", test))]
fn kept(urls: &[String], domain: &str, flags: &DiscoveryFlags) -> Result<Vec<Address>, CliError> {
    let addresses = urls.iter().map(|url| Address::parse(url)).collect::<Result<Vec<_>, _>>()?;
    if flags.insecure_discovery {
        return Ok(addresses);
    }
    let secure: Vec<_> = addresses.into_iter().filter(Address::is_secure).map(|it| it.verified_as(domain)).collect();
    if secure.is_empty() {
        let why = format!(
            "the SRV records of {domain} name only endpoints without TLS; --insecure-discovery=false refuses them"
        );
        return Err(CliError::Usage(why));
    }
    Ok(secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(insecure_discovery: bool) -> DiscoveryFlags {
        DiscoveryFlags { discovery_srv: None, discovery_srv_name: None, insecure_discovery }
    }

    fn kept_of(urls: &[&str], insecure_discovery: bool) -> Result<Vec<(String, String)>, String> {
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let kept = kept(&urls, "example.com", &flags(insecure_discovery)).map_err(|error| error.to_string())?;
        Ok(kept.iter().map(|address| (address.to_string(), address.host().to_owned())).collect())
    }

    #[test]
    fn secure_discovery_keeps_endpoints_with_tls_for_the_domain() {
        let urls = ["https://a.example.com:2379", "http://b.example.com:2379"];
        let pair = |url: &str, host: &str| (url.to_owned(), host.to_owned());
        let both = [pair(urls[0], "a.example.com"), pair("b.example.com:2379", "b.example.com")];
        assert_eq!(kept_of(&urls, true).unwrap(), both);
        assert_eq!(kept_of(&urls, false).unwrap(), [pair(urls[0], "example.com")]);
        let refused = kept_of(&urls[1..], false).unwrap_err();
        assert!(refused.contains("--insecure-discovery=false refuses them"), "{refused}");
    }

    #[cfg(not(feature = "srv"))]
    #[tokio::test]
    async fn a_build_without_dns_says_so() {
        let refused = addresses("example.com", &flags(true)).await.unwrap_err().to_string();
        assert!(refused.contains("use --endpoints instead"), "{refused}");
    }
}
