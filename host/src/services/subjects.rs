//! Capability `subjects`: what is kept about a user, for that user and for the bot's owners.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_commands::authorize::Invoker;
use host_loader::{Behalf, Caller, Completion, Places, Unserved};
use host_store::storage::StorageError;
use plugin_api::{
    Power,
    abi::{SubjectCall, SubjectErasure, SubjectExport},
    manifest::Manifest,
};
use serde_json::json;

use super::{
    Services,
    erasure::{self, Erasure},
};

/// Bytes of an export that are given back: more is stored as a file.
const GIVEN: usize = 32 << 20;

/// The host calls about users' data.
#[derive(Debug, Default)]
pub struct Subjects;

impl Capability<Services> for Subjects {
    const CALLS: &'static [CallRule] = &[
        CallRule::changes("subjects.erase", Power::Subjects, Who::Oneself),
        CallRule::changes("subjects.export", Power::Subjects, Who::Oneself),
    ];
    // Each goes through all databases.
    const PLACES: Places = places("subjects", 1);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let about: SubjectCall = serde_json::from_value(call.params.clone())?;
        let user = about.user_id;
        let user = user.ok_or_else(|| Failure::Unfit("no user is named".into()))?;
        match &*call.name {
            "subjects.export" => {
                services
                    .export_subject(caller, &call, user, about.file)
                    .await
            }
            _ => services.erase_subject(caller, &call, user).await,
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

impl Services {
    async fn export_subject(
        &self,
        caller: &Caller,
        call: &HostCall,
        user: u64,
        file: Option<String>,
    ) -> Result<Completion, Failure> {
        let told = self.storage.tell_subject(user).await;
        let (bytes, databases, failed) = told.map_err(for_members)?;
        let mut reply = SubjectExport::default();
        (reply.databases, reply.failed) = (databases as u64, failed as u64);
        reply.bytes = bytes.len() as u64;
        call.effect
            .changed((), json!({"bytes": reply.bytes, "file": file}));
        let body = match file {
            Some(path) => {
                let params = json!({"path": path});
                self.files.serve(caller, "write", params, bytes).await?;
                Vec::new()
            }
            None if bytes.len() > GIVEN => {
                return Err(Failure::Refused(format!(
                    "the export has {} bytes, and {GIVEN} are given back at most: have it stored as a file (`file`)",
                    bytes.len()
                )));
            }
            None => bytes,
        };
        Ok(Completion {
            body,
            ..Completion::json(&reply)
        })
    }

    async fn erase_subject(
        &self,
        caller: &Caller,
        call: &HostCall,
        user: u64,
    ) -> Result<Completion, Failure> {
        let plugins = self.plugins.set()?;
        let erasure = erasure::erase(self, &plugins, user).await;
        let Erasure {
            stored: erased,
            plugins,
            left,
        } = erasure.map_err(for_members)?;
        let mut reply = SubjectErasure::default();
        (reply.plugins, reply.left) = (plugins as u64, left.len() as u64);
        (reply.rows, reply.databases) = (erased.rows, erased.databases as u64);
        (reply.copies, reply.failed) = (erased.copies as u64, erased.failed.len() as u64);
        let reasons = erased
            .failed
            .iter()
            .map(|(place, why)| format!("{place}: {why}"));
        let reasons: Vec<String> = reasons.collect();
        for reason in &reasons {
            tracing::error!(user, "not erased: {reason}");
        }
        call.effect.changed(
            json!({"rows": reply.rows, "copies": reply.copies}),
            json!({"failed": reply.failed}),
        );
        if let Behalf::Somebody(invocation) = &call.behalf
            && self
                .acts_as_owner(caller, invocation, &Invoker::of(&invocation.event))
                .await
        {
            reply.reasons = reasons.into_iter().chain(left).take(20).collect();
        }
        Ok(Completion::json(&reply))
    }
}

/// Whoever it is about reads no paths of the host's.
fn for_members(error: StorageError) -> Failure {
    tracing::error!("what is kept about a user could not be looked through: {error}");
    Failure::Unfit(
        "your data could not be looked through; the bot's owner finds the reason in the log".into(),
    )
}
